"""Whether a fill is what its sides have signed: asked by the mirror, before it books what a venue reports.

A fill that is not is refused, and stands as a break until the venue corrects or busts it. The venue's own account signs
nothing: only its client's side is checked. Fills may be asked about in any order, each once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from settlement.reports import HOUSE_ACCOUNT, EntryKind, Report
from settlement.venues.derive_actions import SignedAction
from settlement.venues.derive_matching import MakerFill, MatchRefusal, Stated
from settlement.venues.derive_nonces import Module
from settlement.venues.entry import Entry, unpacked
from settlement.venues.registry import FROM_E18_TO_E6
from settlement.venues.signed_orders import Refused, SignedOrders


class FillRefusal(StrEnum):
    """Why the actions behind a fill do not make it; where several hold, the earlier is the answer.

    What is wrong with an action itself, its own refusals say, between the first two and the others.
    """

    NO_ACTION_IS_SHOWN = "no_action_is_shown"
    ABOUT_NO_CHECKED_FILL = "about_no_checked_fill"
    ANOTHER_INSTRUMENT = "another_instrument"
    ANOTHER_SIDE_OR_ACCOUNT = "another_side_or_account"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the same fill may pass later: once its actions are shown, or the fill that it is about is heard."""
        return self in {FillRefusal.NO_ACTION_IS_SHOWN, FillRefusal.ABOUT_NO_CHECKED_FILL}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The actions behind a fill, None for the venue's own side, and the fees that were taken (1e-18 USD)."""

    taker: SignedAction | None
    maker: SignedAction | None
    taker_fee_e18: int = 0
    maker_fee_e18: int = 0


class EvidenceFeed(Protocol):
    """A venue that shows the actions behind its fills."""

    async def evidence(self, numbers: Sequence[int]) -> Mapping[int, Evidence]:
        """By entry number; those that it does not show are left out."""
        ...


@dataclass(frozen=True, slots=True)
class RefusedFill:
    """A break: a fill or correction that is not what its sides have signed."""

    venue: str
    number: int
    refusal: FillRefusal | Refused | MatchRefusal
    entry: Entry

    def __str__(self) -> str:
        told = f"{self.entry.lots} lots of {self.entry.instrument} from {self.entry.seller} to {self.entry.buyer}"
        return f"{self.venue}, entry {self.number}: {told}: {self.refusal.replace('_', ' ')}"


Sides = tuple[MakerFill, ...]


@dataclass(slots=True)
class ActionCheck:
    """One venue's fills held against actions; `orders` is the mirror's own knowledge, never shared with the venue."""

    orders: SignedOrders
    _passed: dict[int, Sides] = field(default_factory=dict)
    _evidence: dict[int, Evidence] = field(default_factory=dict)
    _undone: set[int] = field(default_factory=set)
    """Also of fills that have not been heard of yet."""

    def check(self, report: Report, shown: Mapping[int, Evidence]) -> list[RefusedFill]:
        """The fills and corrections of a report that do not pass; what passes counts towards its orders."""
        refused = []
        for number, entry in enumerate(unpacked(report.body), report.first):
            if entry.kind is EntryKind.BUST:
                self._undo(entry.about)
            elif entry.kind in {EntryKind.FILL, EntryKind.CORRECTION}:
                why = self.refusal(number, entry, shown.get(number))
                if why is not None:
                    refused.append(RefusedFill(report.venue, number, why, entry))
        return refused

    def refusal(self, number: int, entry: Entry, shown: Evidence | None) -> FillRefusal | Refused | MatchRefusal | None:
        """None where a fill or correction passes, also when it is asked about again. A correction frees what the fill
        that it is about had taken of its orders, and has the same actions unless others are shown.
        """
        if number in self._passed:
            return None
        is_correction = entry.kind is EntryKind.CORRECTION
        if is_correction and entry.about not in self._evidence:
            return FillRefusal.ABOUT_NO_CHECKED_FILL
        shown = shown or (self._evidence[entry.about] if is_correction else None)
        if shown is None:
            return FillRefusal.NO_ACTION_IS_SHOWN
        self._evidence[number] = shown
        if is_correction:
            self._undo(entry.about)
        return None if number in self._undone else self._counted(number, entry, shown)

    def _counted(self, number: int, entry: Entry, shown: Evidence) -> FillRefusal | Refused | MatchRefusal | None:
        sides = self._sides(entry, shown)
        if not isinstance(sides, tuple):
            return sides
        filled = self.orders.filled
        if why := filled.side_refusal(sides[0]) if len(sides) == 1 else self._matched(sides):
            return why
        for side in sides:
            self.orders.nonces.use(Module.TRADE, side.maker.action)
            filled.add_side(side.maker, side.amount_e18)
        self._passed[number] = sides
        return None

    def _matched(self, sides: Sides) -> MatchRefusal | None:
        taker, maker = sides
        return self.orders.filled.refusal(taker.maker, [maker], taker.fee_e18)

    def _sides(self, entry: Entry, shown: Evidence) -> Sides | FillRefusal | Refused:
        """Who has signed what of this fill: the taker first."""
        signed = [
            (action, fee)
            for action, fee in ((shown.taker, shown.taker_fee_e18), (shown.maker, shown.maker_fee_e18))
            if action is not None
        ]
        clients = [account for account in (entry.buyer, entry.seller) if account != HOUSE_ACCOUNT]
        if not signed or len(signed) != len(clients):
            return FillRefusal.NO_ACTION_IS_SHOWN
        sides = []
        for action, fee in signed:
            found = self.orders.read(action, entry.occurred_at_ms // 1000)
            if not isinstance(found, tuple):
                return found
            instrument, stated = found
            if instrument.id != entry.instrument:
                return FillRefusal.ANOTHER_INSTRUMENT
            amount_e18 = entry.lots * instrument.lot_size_e18
            sides.append(MakerFill(stated, amount_e18, entry.price_e6 * FROM_E18_TO_E6, fee))
        is_theirs = sorted(_party(side.maker) for side in sides) == sorted(_reported(entry))
        return tuple(sides) if is_theirs else FillRefusal.ANOTHER_SIDE_OR_ACCOUNT

    def _undo(self, number: int) -> None:
        self._undone.add(number)
        for side in self._passed.pop(number, ()):
            self.orders.filled.add_side(side.maker, -side.amount_e18)


def _party(stated: Stated) -> tuple[bool, int]:
    """(whether it buys, which subaccount receives)."""
    return stated.trade.is_bid, stated.trade.recipient_id


def _reported(entry: Entry) -> list[tuple[bool, int]]:
    sides = ((True, entry.buyer), (False, entry.seller))
    return [side for side in sides if side[1] != HOUSE_ACCOUNT]
