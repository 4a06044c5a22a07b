"""The life of a margin call as a table: healthy → warning → called → partly met → met, or expired → liquidation.

The states of specs/off_exchange_settlement.md §3. A call asks for what restores initial margin, to the unit, and again
whenever it is tested: what it asks for falls with every top-up and rises with every loss. There is one call for one
deficit; while it is open no other is made. (`calls.py` answers the same question in one step, for those who keep no
record: the two agree.)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from custody.money import mul_div_up
from margin.requirement import BPS, Requirement


class CallState(StrEnum):
    """Where a client stands at one venue."""

    HEALTHY = "healthy"
    WARNING = "warning"
    """Below initial margin, not below maintenance: nothing may be added, nothing is owed."""
    CALLED = "called"
    PARTLY_MET = "partly_met"
    MET = "met"
    EXPIRED = "expired"
    LIQUIDATION = "liquidation"

    @property
    def is_open(self) -> bool:
        """Whether a call waits for the client."""
        return self in (CallState.CALLED, CallState.PARTLY_MET)


@dataclass(frozen=True, slots=True)
class CallTerms:
    """The cure period; and the shorter one of a call that is accelerated, when equity is below κ of maintenance.

    With `accelerated_s` of 0 nobody waits for an account below κ.
    """

    grace_s: int
    critical_bps: int
    accelerated_s: int = 0


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is kept between two tests, in 1e-6 USD of collateral value; times in UTC seconds.

    `asked_units` when the call was made, `missing_units` now, `received_units` of top-ups since; all 0 where no call
    has been made. An ended call keeps its figures until the next test.
    """

    state: CallState = CallState.HEALTHY
    asked_units: int = 0
    missing_units: int = 0
    received_units: int = 0
    opened_at_s: int = 0
    deadline_s: int = 0
    is_accelerated: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """One test: equity, the requirement, and the top-ups that have arrived since the last test (in equity already).

    `spared_units` are what the rules of the collateral schedule have taken from equity: they make a call, and no hurry.
    """

    equity_units: int
    required: Requirement
    arrived_units: int = 0
    spared_units: int = 0

    @property
    def missing_units(self) -> int:
        """What restores initial margin, to the unit."""
        return max(self.required.initial_units - self.equity_units, 0)

    def is_critical(self, terms: CallTerms) -> bool:
        critical_units = mul_div_up(self.required.maintenance_units, terms.critical_bps, BPS)
        return self.equity_units + self.spared_units < critical_units


Guard = Callable[[CallRecord, Figures, int], bool]


def _below_maintenance(_: CallRecord, figures: Figures, __: int) -> bool:
    return figures.equity_units < figures.required.maintenance_units


def _below_initial(_: CallRecord, figures: Figures, __: int) -> bool:
    return figures.missing_units > 0


def _restored(_: CallRecord, figures: Figures, __: int) -> bool:
    return not figures.missing_units


def _too_late(call: CallRecord, _: Figures, now_s: int) -> bool:
    return now_s >= call.deadline_s


def _topped_up(call: CallRecord, _: Figures, __: int) -> bool:
    return call.received_units > 0


def _always(_: CallRecord, __: Figures, ___: int) -> bool:
    return True


_S = CallState
_QUIET, _OPEN, _OVER = (_S.HEALTHY, _S.WARNING, _S.MET), (_S.CALLED, _S.PARTLY_MET), (_S.EXPIRED, _S.LIQUIDATION)

TABLE: tuple[tuple[tuple[CallState, ...], CallState, str, Guard], ...] = (
    (_QUIET, _S.CALLED, "equity is below maintenance margin", _below_maintenance),
    (_QUIET, _S.WARNING, "equity is below initial margin", _below_initial),
    (_QUIET, _S.HEALTHY, "otherwise", _always),
    (_OPEN, _S.MET, "equity covers initial margin", _restored),
    (_OPEN, _S.EXPIRED, "the deadline has come", _too_late),
    (_OPEN, _S.PARTLY_MET, "a top-up has arrived", _topped_up),
    (_OPEN, _S.CALLED, "otherwise", _always),
    (_OVER, _S.HEALTHY, "equity covers initial margin", _restored),
    (_OVER, _S.LIQUIDATION, "otherwise", _always),
)
"""From which states, to which, if what; the first row that holds. A call that expires has been made before, or now."""


def assessed(before: CallRecord, figures: Figures, now_s: int, terms: CallTerms) -> CallRecord:
    """The record after a test. A call that is made so late that nobody waits for it is expired at once."""
    call = _moved(_accelerated(before, figures, now_s, terms), figures, now_s)
    if call.state is CallState.CALLED and not before.state.is_open:
        opened = CallRecord(
            CallState.CALLED, figures.missing_units, figures.missing_units, 0, now_s, now_s + terms.grace_s
        )
        opened = _accelerated(opened, figures, now_s, terms)
        return replace(opened, state=CallState.EXPIRED) if _too_late(opened, figures, now_s) else opened
    return call


def _accelerated(call: CallRecord, figures: Figures, now_s: int, terms: CallTerms) -> CallRecord:
    """An open call whose deadline comes nearer because equity is critical; it never moves away again."""
    if not call.state.is_open:
        return call
    topped_up = replace(call, received_units=call.received_units + figures.arrived_units)
    if not figures.is_critical(terms) or call.deadline_s <= now_s + terms.accelerated_s:
        return topped_up
    return replace(topped_up, deadline_s=now_s + terms.accelerated_s, is_accelerated=True)


def _moved(call: CallRecord, figures: Figures, now_s: int) -> CallRecord:
    target = next(row[1] for row in TABLE if call.state in row[0] and row[3](call, figures, now_s))
    if target in _QUIET and not call.state.is_open:
        return CallRecord(target)
    return replace(call, state=target, missing_units=figures.missing_units)
