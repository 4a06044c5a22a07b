"""A venue's default waterfall as data: in which order who pays for a loss, and who stands behind each step.

The order and a few numbers are what venues differ in: `waterfalls/*.toml`. The arithmetic is `absorption.py`.
"""

from dataclasses import dataclass
from enum import StrEnum

from margin.adl import AdlTerms
from margin.insurance_fund import FallRule
from margin.liquidation_rule import LiquidationRule


class Custody(StrEnum):
    """How collateral stands."""

    SEGREGATED = "segregated"
    POOLED = "pooled"


class Means(StrEnum):
    """Out of what a step pays."""

    OWN_COLLATERAL = "own_collateral"
    OWN_TOP_UP = "own_top_up"
    BACKSTOP = "backstop"
    INSURANCE_FUND = "insurance_fund"
    GUARANTEE_LINE = "guarantee_line"
    VENUE_CAPITAL = "venue_capital"
    ADL = "adl"
    WINNERS = "winners"
    """All gains, pro rata: a variation-margin gains haircut, or socialised loss."""
    CLAIMS = "claims"
    """All clients' principal, pro rata: what only a pool, or cash that is one asset for all, can take."""

    @property
    def of_one_payer(self) -> bool:
        """Whether a single purse pays, rather than many parties."""
        return self not in (Means.ADL, Means.WINNERS, Means.CLAIMS)


class WaterfallError(ValueError):
    """A waterfall that cannot be: a step without its terms, or one that a ring-fence forbids."""


@dataclass(frozen=True, slots=True)
class Step:
    """`payer` is who stands behind it. `fall` bounds what an insurance fund pays; `adl` is for auto-deleveraging."""

    means: Means
    payer: str
    source: str
    confidence: str
    fall: FallRule | None = None
    adl: AdlTerms | None = None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A venue's path from a breach to the last payer. `maintenance` and `path` are for people; `rule` is for plans.

    Raises WaterfallError for terms on the wrong step, and for a segregated step that takes other clients' principal.
    """

    name: str
    title: str
    custody: Custody
    maintenance: str
    path: str
    rule: LiquidationRule
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        for step in self.steps:
            if (step.means is Means.ADL) != (step.adl is not None):
                raise WaterfallError(
                    f"{self.name}: a step has terms of deleveraging where it deleverages: {step.payer}"
                )
            if step.fall and step.means is not Means.INSURANCE_FUND:
                raise WaterfallError(f"{self.name}: only an insurance fund stops paying when it falls: {step.payer}")
            if step.means is Means.CLAIMS and self.custody is Custody.SEGREGATED:
                raise WaterfallError(f"{self.name}: no step takes from another client's compartment: {step.payer}")
