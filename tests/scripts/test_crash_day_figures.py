"""Every figure of the day comes from something that ran: sums agree, ledgers verify, and no compartment pays another's.

The two regimes start from the same footing and part only where collateral stands and who bears what.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from custody.books import Books, Recorded
from custody.database import open_database
from custody.transfers import Kind
from margin.scenarios.scenario import packaged
from scripts.walkthrough.cast import CLIENTS
from scripts.walkthrough.phrases import PHRASES, QUIET
from settlement.desk.world import TRADED

if TYPE_CHECKING:
    from tests.scripts.conftest import Ran

REGIMES = ("pooled", "segregated")
COMPARTMENT = re.compile(r"\w+/client/(\w+)/(?:delegated|claim)/(\w+)")
OWN = re.compile(r"\w+/client/(\w+)/")
NEUTRAL = re.compile(r"\w+/venue/(\w+)/(?:settlement|collateral)|\w+/guarantee/(\w+)")


def journal(folder: Path, regime: str) -> list[Recorded]:
    database = open_database(folder / f"ledger-{regime}.sqlite", create=False)
    try:
        books, found = Books(database), list[Recorded]()
        while page := books.transfers(after=found[-1].position if found else 0, limit=5_000):
            found += page
        return found
    finally:
        database.close()


# -- sums --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("regime", REGIMES)
def test_a_shortfall_is_what_its_payers_gave_and_what_went_unpaid(plain: "Ran", regime: str) -> None:
    told = plain.result["regimes"][regime]
    borne = {name: int(units) for name, units in told["borne_units"].items()}
    in_cash = sum(units for name, units in borne.items() if name.startswith(("paid: ", "unpaid to: ")))
    forgone = sum(units for name, units in borne.items() if name.startswith("auto-deleveraged: "))
    assert in_cash == int(told["totals"]["shortfall_units"])
    assert forgone == sum(int(one["facts"]["forgone_units"]) for one in plain.happenings(regime, "adl_applied"))
    found = plain.happenings(regime, "shortfall_found")
    missing = sum(int(one["facts"]["missing_units"]) for one in found)
    own = sum(int(one["facts"]["own_reserve_units"]) for one in found)
    # The price moved on between the finding and the cut-off, and what it gave or took is part of what is settled.
    assert (missing == own == 0) == (in_cash == 0)
    assert all(units > 0 for units in borne.values())


@pytest.mark.parametrize("regime", REGIMES)
def test_totals_are_the_sums_of_the_clients(plain: "Ran", regime: str) -> None:
    told = plain.result["regimes"][regime]
    assert set(told["clients"]) == {client.name for client in CLIENTS}
    for what in ("calls", "liquidations", "liquidated_units", "innocent_loss_units", "fees_units", "worth_units"):
        assert int(told["totals"][what]) == sum(int(client[what]) for client in told["clients"].values()), what
    assert told["totals"]["gas_in_use"] == sum(told["gas"].values()) - told["gas"]["deployment"]


@pytest.mark.parametrize("regime", REGIMES)
def test_counts_are_the_counts_of_what_was_told(plain: "Ran", regime: str) -> None:
    told = plain.result["regimes"][regime]
    kinds = Counter(one["kind"] for one in told["happenings"])
    assert told["totals"]["calls"] == kinds["call_opened"] == kinds["call_met"] + kinds["call_expired"]
    assert told["totals"]["liquidations"] == kinds["liquidation_started"] == kinds["liquidation_closed"]
    assert told["totals"]["liquidations"] > 0


@pytest.mark.parametrize("regime", REGIMES)
def test_every_external_call_is_the_sum_of_where_it_was_found(plain: "Ran", regime: str) -> None:
    calls = [one["facts"] for one in plain.happenings(regime, "external_call")]
    sources = ("from_reserve_units", "from_coins_units", "from_venues_units", "unmet_units")
    assert len(calls) > 10
    assert all(int(call["units"]) == sum(int(call[source]) for source in sources) for call in calls)
    unmet = sum(int(call["unmet_units"]) for call in calls)
    assert unmet == int(plain.result["regimes"][regime]["totals"]["outside_cash_units"])


def test_everything_the_desks_told_has_a_sentence(plain: "Ran") -> None:
    told = {one["kind"] for regime in REGIMES for one in plain.happenings(regime)}
    assert told <= PHRASES.keys() | QUIET
    assert len(told) > 18


# -- ledgers and chain -------------------------------------------------------------------------------------------------


def test_both_ledgers_verify_and_are_as_long_as_told(plain: "Ran", sound: Callable[[Path], list[int]]) -> None:
    assert sound(plain.folder) == [plain.result["regimes"][regime]["totals"]["transfers"] for regime in REGIMES]


@pytest.mark.parametrize("regime", REGIMES)
def test_postings_told_stand_in_the_ledger_for_the_party_told(plain: "Ran", regime: str) -> None:
    length = len(journal(plain.folder, regime))
    spans = [one["postings"] for one in plain.happenings(regime) if one["postings"] != [0, 0]]
    assert len(spans) > 50
    assert all(1 <= first <= last <= length for first, last in spans)
    firsts = [first for first, _ in spans]
    assert len(set(firsts)) == len(firsts)


def strays(recorded: Iterable[Recorded]) -> tuple[list[str], Counter[str]]:
    """What left a client's compartment to anywhere but its owner or its venue's settlement; and a count of the rest."""
    found, left = [], Counter[str]()
    for one in recorded:
        paid, receiver = COMPARTMENT.fullmatch(one.transfer.debit_account), one.transfer.credit_account
        if paid is None:
            continue
        client, venue = paid.groups()
        owner, neutral = OWN.match(receiver), NEUTRAL.fullmatch(receiver)
        if owner and owner[1] == client:
            left["owner"] += 1
        elif neutral and venue in neutral.groups():
            left["settlement"] += 1
        else:
            found.append(f"#{one.position}: {one.transfer.debit_account} paid {receiver}")
    return found, left


def test_nothing_leaves_a_compartment_but_to_its_owner_or_by_settlement(plain: "Ran") -> None:
    """The ring-fence, read off the whole journal: no client's compartment pays into another client's accounts."""
    found, left = strays(journal(plain.folder, "segregated"))
    assert found == []
    assert min(left["owner"], left["settlement"]) > 10


@pytest.mark.parametrize(
    "receiver", ["client/miner/delegated/halyard", "client/miner/available", "venue/halyard/settlement"]
)
def test_a_payment_from_another_s_compartment_would_be_seen(plain: "Ran", receiver: str) -> None:
    """The control: one transfer of the same journal, bent to another client or another venue."""
    recorded = journal(plain.folder, "segregated")
    place, one = next(
        (place, one) for place, one in enumerate(recorded)
        if one.transfer.debit_account == "USDC/client/long_fund/delegated/meridian"
    )  # fmt: skip
    recorded[place] = replace(one, transfer=replace(one.transfer, credit_account=f"USDC/{receiver}"))
    assert strays(recorded)[0] == [f"#{one.position}: {one.transfer.debit_account} paid USDC/{receiver}"]


def test_nobody_s_own_account_pays_another_client(plain: "Ran") -> None:
    for regime in REGIMES:
        for one in journal(plain.folder, regime):
            debit, credit = OWN.match(one.transfer.debit_account), OWN.match(one.transfer.credit_account)
            assert not (debit and credit) or debit[1] == credit[1], f"{regime} #{one.position}"


def test_nothing_is_left_held_when_the_day_is_over_but_what_is_still_on_its_way(plain: "Ran") -> None:
    for regime in REGIMES:
        transfers = [one.transfer for one in journal(plain.folder, regime)]
        ended = {transfer.pending_id for transfer in transfers if transfer.pending_id}
        held = [t for t in transfers if t.kind is Kind.PENDING and t.id not in ended]
        assert all("delegation" in transfer.id for transfer in held)


def test_every_transaction_told_is_one_of_its_own(plain: "Ran") -> None:
    """Payers of one shortfall share the transaction of the cycle that paid; nothing else shares one."""
    seen: dict[str, list[dict[str, Any]]] = {}
    for regime in REGIMES:
        for one in plain.happenings(regime):
            if one["tx_hash"]:
                seen.setdefault(one["tx_hash"], []).append({**one, "regime": regime})
    assert len(seen) > 60
    for name, told in seen.items():
        assert re.fullmatch("0x[0-9a-f]{64}", name)
        kinds = {one["kind"] for one in told}
        # One cycle pays several parties, and one batch mirrors all trades of a moment.
        shared = kinds <= {"shortfall_paid", "gain_unpaid"} or kinds <= TRADED
        assert len(told) == 1 or (shared and len({(one["regime"], one["at"]) for one in told}) == 1)


# -- equal footing -----------------------------------------------------------------------------------------------------


def test_the_first_breach_is_the_same_under_both(plain: "Ran") -> None:
    pooled, segregated = (plain.happenings(regime, "call_opened", "liquidation_started")[0] for regime in REGIMES)
    assert pooled == segregated


def test_before_anything_is_lost_only_the_custody_fee_parts_the_two(plain: "Ran") -> None:
    """The first hour's readings are equal; a day later the difference is one day's fee, which only compartments pay."""
    series = [plain.result["series"]["regimes"][regime] for regime in REGIMES]
    for what in ("equity", "maintenance"):
        assert {name: sums[0] for name, sums in series[0][what].items()} == {
            name: sums[0] for name, sums in series[1][what].items()
        }
    assert series[0]["at_venues"][0] == series[1]["at_venues"][0] > 0
    fees = [int(plain.result["regimes"][regime]["totals"]["fees_units"]) for regime in REGIMES]
    assert fees[0] == 0 < fees[1]


def test_news_and_prices_are_those_of_the_scenario(plain: "Ran") -> None:
    event = packaged("feb_2026")
    assert [told["title"] for told in plain.result["events"]] == [stated.title for stated in event.events]
    assert plain.result["low"] == {"at": "2026-02-06T00:20:00Z", "btc": "60000000000"}
    hours = plain.result["series"]["times_s"]
    assert hours == list(range(event.start_s, event.end_s + 1, 3_600))
    prices = plain.result["series"]["prices"]
    for asset in ("BTC", "ETH", "SOL"):
        for bar in event.bars_of(asset):
            if bar.open_e6 is not None:
                assert prices[asset][hours.index(bar.start_s)] == bar.open_e6 / 10**6
