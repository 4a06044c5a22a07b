"""What is to happen to collateral: the part of a movement that never changes, and what can be wrong with it."""

import re
from collections.abc import Collection
from dataclasses import dataclass, fields

from custody.accounts import Chart
from custody.delegation import Standing
from custody.instructions import Delegate, Instruction, Move, Recall, Withdraw
from custody.money import MAX_UNITS
from custody.refusals import MovementRefusal
from custody.states import Lifecycle

_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_OWNER = re.compile(r"(?:client|venue)/[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True, slots=True)
class Intent:
    """Who moves how many ledger units of what, from where to where.

    `party`: client/NAME, or venue/NAME where a venue holds its own collateral for its settlement duty.
    `venue`: whose compartment is entered or left; of a move, the one that is left, and `to_venue` the one entered.
    `destination`: the address to which a withdrawal goes. A field that the lifecycle has no use for is "".
    """

    lifecycle: Lifecycle
    party: str
    asset: str
    units: int
    venue: str = ""
    to_venue: str = ""
    destination: str = ""
    standing: Standing = Standing.SEGREGATED

    @property
    def chart(self) -> Chart:
        """The accounts of its asset."""
        return Chart(self.asset)

    @property
    def name(self) -> str:
        """The party's name in the chart of accounts."""
        return self.party.partition("/")[2]

    @property
    def is_venues_own(self) -> bool:
        """Whether the collateral is a venue's own."""
        return self.party.startswith("venue/")


def intent_of(instruction: Instruction, standing: Standing) -> Intent | None:
    """What an instruction moves; None for one that governs."""
    match instruction:
        case Delegate(party=party, venue=venue, amount=amount):
            return Intent(Lifecycle.DELEGATION, party, amount.asset, amount.units, venue, standing=standing)
        case Recall(party=party, venue=venue, amount=amount):
            return Intent(Lifecycle.RECALL, party, amount.asset, amount.units, venue, standing=standing)
        case Move(party=party, from_venue=venue, to_venue=to_venue, amount=amount):
            return Intent(Lifecycle.MOVE, party, amount.asset, amount.units, venue, to_venue, standing=standing)
        case Withdraw(party=party, destination=place, amount=amount):
            return Intent(Lifecycle.WITHDRAWAL, party, amount.asset, amount.units, destination=place, standing=standing)
    return None


def is_plain_id(movement_id: str) -> bool:
    """Whether the id is 1–64 of the allowed characters."""
    return _ID.fullmatch(movement_id) is not None


def difference(stored: Intent, again: Intent) -> MovementRefusal | None:
    """The first field in which an intent under an id that is taken differs from the one that took it."""
    for field in fields(Intent):
        if getattr(stored, field.name) != getattr(again, field.name):
            return MovementRefusal(f"exists_with_different_{field.name}")
    return None


def flaw(intent: Intent, assets: Collection[str], venues: Collection[str]) -> MovementRefusal | None:
    """What is wrong with an intent by itself; `assets` and `venues` are those that the custodian knows."""
    if intent.units <= 0:
        return MovementRefusal.UNITS_MUST_BE_POSITIVE
    if intent.units > MAX_UNITS:
        return MovementRefusal.UNITS_EXCEED_INT64
    if not _OWNER.fullmatch(intent.party):
        return MovementRefusal.PARTY_IS_MALFORMED
    if intent.asset not in assets:
        return MovementRefusal.ASSET_IS_UNKNOWN
    if intent.lifecycle is Lifecycle.WITHDRAWAL:
        return None if intent.destination else MovementRefusal.DESTINATION_IS_REQUIRED
    return None if intent.lifecycle is Lifecycle.DEPOSIT else _venue_flaw(intent, venues)


def _venue_flaw(intent: Intent, venues: Collection[str]) -> MovementRefusal | None:
    ends = (intent.venue, intent.to_venue) if intent.lifecycle is Lifecycle.MOVE else (intent.venue,)
    if any(venue not in venues for venue in ends):
        return MovementRefusal.VENUE_IS_UNKNOWN
    if len(set(ends)) < len(ends):
        return MovementRefusal.VENUES_MUST_BE_DIFFERENT
    if intent.is_venues_own and ends != (intent.name,):
        return MovementRefusal.VENUE_MUST_BE_THE_PARTY
    # A pool is its omnibus holder's on chain: no client can leave it, and nothing of the kind can be observed.
    is_exit_from_pool = intent.lifecycle is Lifecycle.EXIT and intent.standing is Standing.POOLED
    return MovementRefusal.POOL_HAS_NO_COMPARTMENTS if is_exit_from_pool else None
