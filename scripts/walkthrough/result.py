"""The run as data: what `--json` prints and `result.json` holds. Money is text in whole 1e-6 USD, named `…_units`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from custody.delegation import Standing
from margin.scenarios.events import AnyEvent
from margin.scenarios.scenario import Scenario
from scripts.walkthrough.acts import acts_of
from scripts.walkthrough.cast import CLIENTS, SETTING
from scripts.walkthrough.others import Others
from scripts.walkthrough.reckoning import Reckoning, Worse, bearers, worse_when_segregated
from scripts.walkthrough.series import Reading, Series
from settlement.happenings import Happening

SCHEMA = 1
THOUSAND = 10**9
"""A thousand dollars in 1e-6 USD."""
SUMMED = ("calls", "liquidations", "liquidated_units", "innocent_loss_units", "fees_units", "worth_units")


def result(
    scenario: Scenario,
    seed: int,
    candles: Iterable[str],
    series: Series,
    reckonings: dict[Standing, Reckoning],
    happenings: dict[Standing, list[Happening]],
    others: Mapping[Standing, Others],
) -> dict[str, Any]:
    """Everything that the report draws and a reader may want to check; equal runs give equal data."""
    pooled, segregated = reckonings[Standing.POOLED], reckonings[Standing.SEGREGATED]
    return {
        "schema": SCHEMA,
        "scenario": {
            "name": scenario.name,
            "title": scenario.title,
            "start": utc(scenario.start_s),
            "end": utc(scenario.end_s),
        },
        "seed": seed,
        "candles": sorted(candles),
        "worse_when_segregated": [_worse(one) for one in worse_when_segregated(pooled, segregated)],
        "regimes": {standing.value: _regime(reckonings[standing], happenings[standing]) for standing in Standing},
        "clients": [{"name": client.name, "what": client.what} for client in CLIENTS],
        "acts": [{"at": utc(act.start_s), "title": act.title} for act in acts_of(scenario)],
        "events": [_event(event) for event in scenario.events],
        "assumptions": _assumptions(),
        "low": {"at": utc(series.low_s), "btc": str(series.low_e6)},
        "series": _series(series),
        "others": {standing.value: _others(one) for standing, one in others.items()},
    }  # fmt: skip


def _others(one: Others) -> dict[str, Any]:
    """Rounded as they are told: a simulation in floats does not state its last digits."""
    record = one.record
    return {
        "regime": one.regime,
        "simulated": record.accounts,
        "represented": one.represented,
        "liquidated_usd_millions": round(record.liquidated_usd / 1e7) * 10,
        "accounts_liquidated_thousands": round(record.accounts_liquidated / 1e3),
        "long_percent": round(record.long_share * 100),
        "low_percent": round((record.low_price_ratio - 1.0) * 1000) / 10,
        "supercritical": record.supercritical,
    }


def _event(event: AnyEvent) -> dict[str, Any]:
    told = ("kind", "title", "text", "figure", "source", "confidence")
    return {"at": utc(event.at_s), **{name: getattr(event, name) for name in told}}


def utc(at_s: int) -> str:
    """A time as 2026-02-06T00:20:00Z."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _worse(one: Worse) -> dict[str, Any]:
    return {"subject": one.subject, "units": _plain(one.units), "text": one.text}


def _regime(reckoning: Reckoning, happenings: Iterable[Happening]) -> dict[str, Any]:
    told = [happening for happening in happenings if happening.kind not in ("cycle_proposed", "cycle_settled")]
    return {
        "totals": {
            name: _plain(value)
            for name, value in asdict(reckoning).items()
            if isinstance(value, int) and not isinstance(value, bool)
        }
        | {
            what: _plain(reckoning.total(what))
            for what in (
                "calls",
                "liquidations",
                "liquidated_units",
                "innocent_loss_units",
                "fees_units",
                "worth_units",
            )
        }
        | {"gas_in_use": reckoning.gas_in_use},
        "borne_units": {name: _plain(units) for name, units in sorted(bearers(reckoning).items())},
        "gas": reckoning.gas,
        "clients": {
            name: {
                **{what: _plain(value) for what, value in asdict(account).items() if what != "name"},
                "innocent_loss_units": _plain(account.innocent_loss_units),
            }
            for name, account in reckoning.clients.items()
        },
        "happenings": [_happening(happening) for happening in told],
    }


def _happening(happening: Happening) -> dict[str, Any]:
    return {
        "at": utc(happening.at_s),
        "kind": happening.kind,
        "party": happening.party,
        "venue": happening.venue,
        "facts": {name: _plain(value) for name, value in happening.facts.items()},
        "postings": list(happening.postings),
        "tx_hash": happening.tx_hash,
    }


def _plain(value: int | str | bool) -> int | str | bool:
    """Counts stay numbers; an amount that a JSON reader could round becomes text."""
    if isinstance(value, (bool, str)) or abs(value) < 2**31:
        return value
    return str(value)


def _assumptions() -> list[str]:
    calls, liquidation = SETTING.calls, SETTING.liquidation
    return [
        "one unit of the settlement asset is one dollar",
        "no funding payments and no trading fees; options are marked to market each cycle",
        "margin: Derive's standard model (SRM) with its main network's numbers; silver's, 10% and 6%, are invented "
        "(scripts/walkthrough/silver.toml); all feeds are certain; collateral is cash, after the custodian's haircuts",
        f"margin calls: {calls.grace_s // 60} minutes, at once below {calls.critical_bps / 100:g}% of maintenance",
        f"liquidation in slices of {liquidation.slice_bps / 100:g}%, first what frees most initial margin per dollar "
        f"of impact; penalty {SETTING.penalty_bps / 100:g}%",
        f"{SETTING.permanent_impact_bps / 100:g}% of price impact is permanent, the rest halves every ten minutes",
        f"top-ups take {SETTING.top_up_delay_s // 60} minutes, moves between venues {SETTING.move_delay_s // 60}",
        f"custody fee {SETTING.custody_fee_bps_year} bp a year on what stands in compartments",
        "clients, sizes, depths and money behind defaults are invented (scripts/walkthrough/cast.py)",
    ]


def _series(series: Series) -> dict[str, Any]:
    """Hourly, as numbers, for drawing only: prices in dollars, sums in thousands of dollars rounded down."""
    return {
        "times_s": series.times_s,
        "prices": {asset: [price / 10**6 for price in prices] for asset, prices in series.prices_e6.items()},
        "unit_of_sums": "thousands of dollars",
        "regimes": {standing.value: _readings(series.readings[standing]) for standing in Standing},
    }


def _readings(readings: Sequence[Reading]) -> dict[str, Any]:
    def per_client(what: str) -> dict[str, list[int]]:
        return {client.name: [getattr(one, what)[client.name] // THOUSAND for one in readings] for client in CLIENTS}

    def total(what: str) -> list[int]:
        return [getattr(one, what) // THOUSAND for one in readings]

    return {
        "equity": per_client("equity"),
        "maintenance": per_client("maintenance"),
        **{what: total(what) for what in ("reachable", "at_venues", "unsettled")},
    }
