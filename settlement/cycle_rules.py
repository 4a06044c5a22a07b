"""What SettlementBook and CollateralVault say to a cycle, in Python: which refusal comes first, and what is paid.

The slow twin of the contracts: one suite runs both. A refusal reads as the contract's own error does when it is
explained, numbers included. Amounts are in the token's base units, times in seconds of chain time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from settlement.chain_cycle import ChainCycle, Leg, Obligations


class CycleRefusal(StrEnum):
    """Why a cycle is not proposed or paid, in order of precedence; those of a leg leg by leg."""

    UNKNOWN_VENUE = "unknown venue"
    CYCLE_OPEN = "cycle open"
    WRONG_SEQUENCE = "wrong sequence"
    WRONG_PREVIOUS_DIGEST = "wrong previous digest"
    CUT_OFF_NOT_AFTER = "cut off not after"
    CUT_OFF_IN_FUTURE = "cut off in future"
    LEGS_NOT_SORTED = "legs not sorted"
    EMPTY_LEG = "empty leg"
    OBLIGATIONS_NOT_SORTED = "obligations not sorted"
    ZERO_OBLIGATION = "zero obligation"
    OBLIGATIONS_NOT_BALANCED = "obligations not balanced"
    HOLDER_ON_BOTH_SIDES = "holder on both sides"
    CYCLE_VOID = "cycle void"
    WRONG_VENUE_SIGNATURE = "wrong venue signature"
    WRONG_CUSTODIAN_SIGNATURE = "wrong custodian signature"
    SHORTFALL_NOT_COVERED = "shortfall not covered"

    @property
    def may_succeed_later(self) -> bool:
        """Whether the very same cycle may be taken when time or others have moved on."""
        return self in (CycleRefusal.CYCLE_OPEN, CycleRefusal.CUT_OFF_IN_FUTURE, CycleRefusal.SHORTFALL_NOT_COVERED)


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with the numbers that the contract's error carries."""

    refusal: CycleRefusal
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.refusal} ({self.detail})" if self.detail else str(self.refusal)


@dataclass(frozen=True, slots=True)
class BookState:
    """What the book knows of a venue: its last final cycle, whether one is open, and which digests are void."""

    is_registered: bool
    is_open: bool
    sequence: int
    digest: bytes
    cut_off_s: int
    void: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What the venue's own compartment paid for a holder: what that owed, and what of it it paid itself."""

    token: str
    holder: str
    owed: int
    paid: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What compartments hold after a cycle, by (holder, token), and the shortfalls that the venue covered."""

    balances: dict[tuple[str, str], int]
    shortfalls: tuple[Shortfall, ...]


def check(
    cycle: ChainCycle, digest: bytes, state: BookState, now_s: int, signed: tuple[bool, bool] = (True, True)
) -> Refused | None:
    """What `propose` says first, if it refuses; `signed`: whether venue and custodian have signed this digest."""
    return next(_objections(cycle, digest, state, now_s, signed), None)


def _objections(
    cycle: ChainCycle, digest: bytes, state: BookState, now_s: int, signed: tuple[bool, bool]
) -> Iterator[Refused]:
    venue, due = f"venue {cycle.venue.lower()}", state.sequence + 1
    if not state.is_registered:
        yield Refused(CycleRefusal.UNKNOWN_VENUE, venue)
    if state.is_open:
        yield Refused(CycleRefusal.CYCLE_OPEN, f"{venue}, sequence {due}")
    if cycle.sequence != due:
        yield Refused(CycleRefusal.WRONG_SEQUENCE, f"expected {due}, given {cycle.sequence}")
    if cycle.previous_digest != state.digest:
        told = f"expected 0x{state.digest.hex()}, given 0x{cycle.previous_digest.hex()}"
        yield Refused(CycleRefusal.WRONG_PREVIOUS_DIGEST, told)
    if cycle.cut_off_s <= state.cut_off_s:
        yield Refused(CycleRefusal.CUT_OFF_NOT_AFTER, f"previous {state.cut_off_s}, given {cycle.cut_off_s}")
    if cycle.cut_off_s > now_s:
        yield Refused(CycleRefusal.CUT_OFF_IN_FUTURE, f"given {cycle.cut_off_s}, timestamp {now_s}")
    yield from _malformed(cycle.legs)
    if digest in state.void:
        yield Refused(CycleRefusal.CYCLE_VOID, f"digest 0x{digest.hex()}")
    if not signed[0]:
        yield Refused(CycleRefusal.WRONG_VENUE_SIGNATURE, venue)
    if not signed[1]:
        yield Refused(CycleRefusal.WRONG_CUSTODIAN_SIGNATURE)


def _malformed(legs: tuple[Leg, ...]) -> Iterator[Refused]:
    previous = 0
    for index, leg in enumerate(legs):
        if int(leg.token, 16) <= previous:
            yield Refused(CycleRefusal.LEGS_NOT_SORTED, f"index {index}")
        previous, token = int(leg.token, 16), f"token {leg.token.lower()}"
        if not leg.debits:
            yield Refused(CycleRefusal.EMPTY_LEG, token)
        yield from _unlisted(token, leg.debits)
        yield from _unlisted(token, leg.credits)
        owed, due = (sum(amount for _, amount in side) for side in (leg.debits, leg.credits))
        if owed != due:
            told = f"{token}, debits {owed}, credits {due}"
            yield Refused(CycleRefusal.OBLIGATIONS_NOT_BALANCED, told)
        both = {int(holder, 16) for holder, _ in leg.debits} & {int(holder, 16) for holder, _ in leg.credits}
        if both:
            yield Refused(CycleRefusal.HOLDER_ON_BOTH_SIDES, f"{token}, holder 0x{min(both):040x}")


def _unlisted(token: str, side: Obligations) -> Iterator[Refused]:
    previous = 0
    for index, (holder, amount) in enumerate(side):
        if int(holder, 16) <= previous:
            yield Refused(CycleRefusal.OBLIGATIONS_NOT_SORTED, f"{token}, index {index}")
        if not amount:
            yield Refused(CycleRefusal.ZERO_OBLIGATION, f"{token}, holder {holder.lower()}")
        previous = int(holder, 16)


def pay(cycle: ChainCycle, balances: Mapping[tuple[str, str], int]) -> Paid | Refused:
    """What `finalize` makes of compartments, by (holder, token): payers pay what they have, the venue what is missing.

    The venue's own compartment is one pot: what it owes and receives itself is in it before it covers anybody.
    """
    after, shortfalls = dict(balances), []
    for leg in cycle.legs:
        missing = 0
        for holder, owed in leg.debits:
            paid = min(owed, after.get((holder, leg.token), 0))
            after[holder, leg.token] = after.get((holder, leg.token), 0) - paid
            missing += owed - paid
            if paid < owed:
                shortfalls.append(Shortfall(leg.token, holder, owed, paid))
        for holder, due in leg.credits:
            after[holder, leg.token] = after.get((holder, leg.token), 0) + due
        own = cycle.venue, leg.token
        available = after.get(own, 0)
        if missing > available:
            told = f"token {leg.token.lower()}, missing {missing}, available {available}"
            return Refused(CycleRefusal.SHORTFALL_NOT_COVERED, f"venue {cycle.venue.lower()}, {told}")
        if missing:
            after[own] = available - missing
    return Paid(after, tuple(shortfalls))
