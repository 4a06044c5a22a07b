"""Margin calls: when one is made, for how much, until when, and when it ends in liquidation.

States as in specs/off_exchange_settlement.md §3: healthy → called → met | expired → liquidation; liquidation comes at
once when equity falls below a share κ of maintenance margin. A call restores initial margin to the unit.
"""

from dataclasses import dataclass
from enum import Enum

from custody.money import mul_div_up
from margin.requirement import BPS, Requirement


class Verdict(Enum):
    """What a margin test answers. Only the two LIQUIDATE verdicts allow anybody to touch positions."""

    HEALTHY = "healthy"
    CALL = "call"
    WAIT = "wait"
    MET = "met"
    LIQUIDATE_EXPIRED = "expired"
    LIQUIDATE_CRITICAL = "critical"

    @property
    def liquidates(self) -> bool:
        return self in (Verdict.LIQUIDATE_EXPIRED, Verdict.LIQUIDATE_CRITICAL)


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """The cure period, and κ: below that share of maintenance margin nobody waits for the deadline."""

    grace_s: int
    critical_bps: int


@dataclass(frozen=True, slots=True)
class MarginCall:
    """A demand for `amount_units` (1e-6 USD of collateral value) from one client at one venue, with its deadline."""

    id: str
    client: str
    venue: str
    amount_units: int
    opened_at_s: int
    deadline_s: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict with the figures that led to it, in 1e-6 USD. `needed_units` restores initial margin exactly."""

    verdict: Verdict
    equity_units: int
    requirement: Requirement

    @property
    def needed_units(self) -> int:
        return max(self.requirement.initial_units - self.equity_units, 0)


def assess(
    equity_units: int,
    required: Requirement,
    call: MarginCall | None,
    now_s: int,
    policy: CallPolicy,
    spared_units: int = 0,
) -> Assessment:
    """Test equity against the requirement. A second call is never made while one is open.

    An open call is met by *initial* margin, not by maintenance: otherwise the next tick calls again. `spared_units`
    (1e-6 USD) are what the rules of the collateral schedule, and no loss, have taken from equity: they make a call, but
    nobody liquidates for them before its deadline (custody/substitution.py).
    """

    def verdict() -> Verdict:
        if equity_units + spared_units < mul_div_up(required.maintenance_units, policy.critical_bps, BPS):
            return Verdict.LIQUIDATE_CRITICAL
        if call is None:
            return Verdict.HEALTHY if equity_units >= required.maintenance_units else Verdict.CALL
        if equity_units >= required.initial_units:
            return Verdict.MET
        return Verdict.LIQUIDATE_EXPIRED if now_s >= call.deadline_s else Verdict.WAIT

    return Assessment(verdict(), equity_units, required)
