"""Margin rates that move: steps that an exchange announces before they are owed, and rates that follow volatility.

Between a notice and its effect everybody knows the step and nobody owes it; what it will ask of a position is exact.
A rate of volatility (exponentially weighted variance, times a quantile) moves every day by itself, and what damps it
are the means of Commission Delegated Regulation (EU) 153/2013, article 28: a floor, and a weight for stressed days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from custody.money import mul_div_up
from margin.fixed import ONE, ZERO, Fixed
from margin.functions import root
from margin.scenarios.events import AnyEvent, MarginStepped

BPS = 10_000


class MovingRuleError(ValueError):
    """Steps that do not follow from one another, or one that is owed before it is announced."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one exchange for one asset, as they take effect; the facts are events of a scenario (TOML)."""

    steps: tuple[MarginStepped, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise MovingRuleError("there are no steps: nothing is known of the rate")
        for step in self.steps:
            if step.effective_at_s < step.at_s:
                raise MovingRuleError(f"{step.exchange} {step.asset}: {step.title!r} is owed before it is announced")
        for before, after in pairwise(self.steps):
            if (before.exchange, before.asset) != (after.exchange, after.asset) or before.to_bps != after.from_bps:
                raise MovingRuleError(f"{after.title!r} does not begin where {before.title!r} ends")
            if before.effective_at_s >= after.effective_at_s:
                raise MovingRuleError(f"{after.title!r} does not take effect after {before.title!r}")

    def rate_bps(self, now_s: int) -> int:
        """The share of notional that is owed now."""
        owed = [step.to_bps for step in self.steps if step.effective_at_s <= now_s]
        return owed[-1] if owed else self.steps[0].from_bps

    def known(self, now_s: int) -> tuple[MarginStepped, ...]:
        """The steps that are announced and not yet owed."""
        return tuple(step for step in self.steps if step.at_s <= now_s < step.effective_at_s)

    def known_rate_bps(self, now_s: int) -> int:
        """The share that is owed when all that is known now has taken effect: what a prudent holder keeps."""
        known = self.known(now_s)
        return known[-1].to_bps if known else self.rate_bps(now_s)

    @property
    def shortest_notice_s(self) -> int:
        """The shortest time that anybody had between a notice and its effect."""
        return min(map(notice_s, self.steps))


def steps_of(events: Iterable[AnyEvent], exchange: str, asset: str) -> Steps:
    """The steps of one exchange for one asset among a scenario's events. Raises MovingRuleError."""
    steps = [
        event for event in events
        if isinstance(event, MarginStepped) and (event.exchange, event.asset) == (exchange, asset)
    ]  # fmt: skip
    return Steps(tuple(sorted(steps, key=lambda step: step.effective_at_s)))


def notice_s(step: MarginStepped) -> int:
    """How long it is known before it is owed, in seconds."""
    return step.effective_at_s - step.at_s


def margin_units(notional_units: int, rate_bps: int) -> int:
    """A share of notional, rounded up."""
    return mul_div_up(notional_units, rate_bps, BPS)


def call_of(step: MarginStepped, notional_units: int) -> int:
    """What the step asks of an unchanged position beyond what it has given: the call to the unit, below 0 a return."""
    return margin_units(notional_units, step.to_bps) - margin_units(notional_units, step.from_bps)


@dataclass(frozen=True, slots=True)
class Ewma:
    """An exponentially weighted variance of daily (or other) returns: σ² ← λσ² + (1 − λ)r², with λ = `decay`."""

    decay: Fixed
    variance: Fixed

    def after(self, move: Fixed) -> "Ewma":
        """The estimate when a further return has been seen."""
        return Ewma(self.decay, self.decay * self.variance + (ONE - self.decay) * move * move)

    def rate(self, quantile: Fixed) -> Fixed:
        """The share of notional that covers the quantile (2.326 for 99%), if returns were normal: z·σ."""
        return quantile * root(self.variance)

    def expected_after(self, returns: int, variance: Fixed) -> "Ewma":
        """What it is expected to be once returns of another variance have come: σ₁² + (σ₀² − σ₁²)λⁿ.

        The impulse response of Gurrola-Perez and Murphy (2024); cut like repeated multiplication.
        """
        faded = ONE
        for _ in range(returns):
            faded *= self.decay
        return Ewma(self.decay, variance + (self.variance - variance) * faded)


@dataclass(frozen=True, slots=True)
class Damping:
    """A rate never below `floor`, with `stressed_weight` (0 to 1) given to the rate of stressed days, `stressed`."""

    floor: Fixed = ZERO
    stressed: Fixed = ZERO
    stressed_weight: Fixed = ZERO

    def damped(self, rate: Fixed) -> Fixed:
        weighted = (ONE - self.stressed_weight) * rate + self.stressed_weight * self.stressed
        return max(weighted, self.floor)
