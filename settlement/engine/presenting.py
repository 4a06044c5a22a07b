"""What the API shows: values as JSON objects. Amounts are texts with asset and scale, times are ISO 8601 and UTC.

Pure: what is shown depends on what is on record and on nothing else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from custody.accounts import Account, Code, Totals
from custody.money import Asset
from settlement.cycle_record import CycleRecord
from settlement.dispute_steps import Dispute
from settlement.engine.cycle_store import Listed
from settlement.engine.telling import Told
from settlement.engine.webhooks import Endpoint
from settlement.gross import Gross
from settlement.netting import Obligation

Json = dict[str, Any]
USD = Asset("USD", 6, 6)
"""The unit of account: dues, P&L and gross obligations are 1e-6 of it."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A party's collateral at a venue in one asset, as the ledger has it at a journal position (ledger units)."""

    party: str
    venue: str
    asset: str
    totals: Totals

    @classmethod
    def of(cls, account: Account, totals: Totals) -> "Balance | None":
        """The mirrored balance that an account is; None for accounts that are none."""
        match account.id.split("/"):
            case [_, "client", client, "delegated" | "claim", venue]:
                return cls(f"client/{client}", venue, account.asset, totals)
            case [_, "venue", venue, "collateral"] if account.code is Code.VENUE_COLLATERAL:
                return cls(f"venue/{venue}", venue, account.asset, totals)
        return None


@dataclass(frozen=True, slots=True)
class Presenter:
    """Shows amounts in the assets that it knows; of one that it does not, in whole ledger units (scale 0)."""

    assets: Mapping[str, Asset]

    def amount(self, symbol: str, units: int) -> Json:
        """So many ledger units: `{"amount": "-40.000000", "asset": "USDC", "scale": 6}`."""
        return shown_amount(self.assets.get(symbol, Asset(symbol, 0, 0)), units)

    def cycle(self, listed: Listed[CycleRecord]) -> Json:
        cycle = listed.one
        return {
            "id": cycle.id, "venue": cycle.venue, "number": cycle.number, "state": cycle.state,
            "entered_at": iso(cycle.entered_at_s), "deadline": iso(cycle.deadline_s), "cut_off": iso(cycle.cut_off_s),
            "window_ends": iso(cycle.window_ends_s), "digest": cycle.digest, "fills_digest": cycle.fills_digest,
            "marks_digest": cycle.marks_digest, "excluded": list(cycle.excluded), "reason": cycle.reason,
            "short": shown_amount(USD, cycle.short_units), "penalty": shown_amount(USD, cycle.penalty_units),
            **_listed(listed),
        }  # fmt: skip

    def obligation(self, row: Obligation) -> Json:
        """A net obligation: who pays or receives how much, never less than zero."""
        direction = "receives" if row.units > 0 else "pays"
        return {"party": row.party, "direction": direction, "kind": "net", **self.amount(row.asset, abs(row.units))}

    def gross(self, row: Gross) -> Json:
        told = {"debtor": row.debtor, "creditor": row.creditor, "cause": row.cause, "reference": row.reference}
        return {**told, "kind": "gross", **shown_amount(USD, row.units)}

    def dispute(self, listed: Listed[Dispute]) -> Json:
        dispute = listed.one
        return {
            "id": dispute.id, "cycle": dispute.cycle_id, "venue": dispute.venue, "party": dispute.party,
            "opener": dispute.opener, "state": dispute.state, "stated": shown_amount(USD, dispute.stated_units),
            "expected": shown_amount(USD, dispute.expected_units), "ruled": shown_amount(USD, dispute.ruled_units),
            "held": shown_amount(USD, dispute.held_units), "settles_in": dispute.settles_in, "reason": dispute.reason,
            "entered_at": iso(dispute.entered_at_s), "deadline": iso(dispute.deadline_s),
            "report": json.loads(dispute.report) if dispute.report else None, **_listed(listed),
        }  # fmt: skip

    def balance(self, balance: Balance, position: int, at_s: int) -> Json:
        """A mirrored balance, live: all of it, what is free to trade against, and what is reserved for others."""
        totals = balance.totals
        return {
            "party": balance.party, "venue": balance.venue, "asset": balance.asset,
            "amount": self.amount(balance.asset, totals.balance),
            "available": self.amount(balance.asset, totals.spendable),
            "reserve": self.amount(balance.asset, totals.debits_pending),
            "incoming": self.amount(balance.asset, totals.credits_pending),
            "journal_position": position, "live_at": iso(at_s),
        }  # fmt: skip


def shown_amount(asset: Asset, units: int) -> Json:
    """Ledger units of an asset as a plain decimal text."""
    return {"amount": asset.format(units).replace(",", ""), "asset": asset.symbol, "scale": asset.scale}


def shown_event(event: Told) -> Json:
    """An event; a whole number among its facts is a text, for JSON's own are floats to many."""
    facts = {name: str(value) if isinstance(value, int) else value for name, value in event.facts.items()}
    return {
        "id": event.id, "position": event.position, "object": event.object_id, "sequence": event.sequence,
        "event": event.name, "facts": facts, "occurred_at": iso(event.occurred_at_s),
        "recorded_at": iso(event.recorded_at_s),
    }  # fmt: skip


def shown_endpoint(endpoint: Endpoint, occurred_at_s: int, recorded_at_s: int) -> Json:
    """An endpoint, without its secret."""
    return {
        "id": endpoint.id, "party": endpoint.party, "url": endpoint.url, "events": list(endpoint.events),
        "is_active": endpoint.is_active, "occurred_at": iso(occurred_at_s), "recorded_at": iso(recorded_at_s),
    }  # fmt: skip


def page(rows: Iterable[Json], limit: int, cursor: str = "position") -> Json:
    """A list with the cursor of the next page; None where this one was not full."""
    found = list(rows)
    return {"items": found, "next_after": found[-1][cursor] if len(found) == limit else None}


def iso(at_s: int) -> str | None:
    """UTC seconds as ISO 8601; None for 0, which stands for no time."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at_s else None


def _listed(listed: Listed[Any]) -> Json:
    times = {"occurred_at": iso(listed.occurred_at_s), "recorded_at": iso(listed.recorded_at_s)}
    return {"position": listed.position, **times}
