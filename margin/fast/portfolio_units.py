"""What contingencies ask for one unit of everything: all of it is linear in what is held, so the exact rules are asked.

No formula is written down a second time here, and comparisons with thresholds are made exactly, before the first float.
"""

from dataclasses import dataclass, replace

from margin.contingencies import contingencies
from margin.discounts import factors
from margin.fixed import ONE, Fixed
from margin.marks import Market
from margin.portfolio_parameters import CollateralPortfolio, PlainPortfolio
from margin.positions import Collateral, Holdings, Option


@dataclass(frozen=True, slots=True)
class Asked:
    """By how much maintenance margin falls for one unit, and initial margin on top, in USD."""

    maintenance: Fixed
    initial: Fixed

    def __sub__(self, other: "Asked") -> "Asked":
        return Asked(self.maintenance - other.maintenance, self.initial - other.initial)


@dataclass(frozen=True, slots=True)
class Rules:
    """One set of parameters at one set of marks. `kinds` are the collaterals, each with an amount of one."""

    parameters: PlainPortfolio | CollateralPortfolio
    stable_price: Fixed
    market: Market
    kinds: tuple[Collateral, ...]

    def worth(self, kind: Collateral) -> Fixed:
        return kind.price / self.stable_price

    def perp(self) -> Asked:
        return self._asked(Holdings(perp=ONE))

    def kind(self, kind: Collateral, *, beside_perp: bool) -> Asked:
        """One unit of collateral; under PMRM that is the base asset."""
        plain = isinstance(self.parameters, PlainPortfolio)
        return self._beside(Holdings(base=ONE) if plain else Holdings(collaterals=(kind,)), beside_perp)

    def option(self, seconds: int, amount: Fixed, *, beside_perp: bool) -> Asked:
        """Any option of an expiry: contingencies look at its sign only."""
        return self._beside(Holdings(options=(Option(seconds, ONE, True, amount),)), beside_perp)

    def _beside(self, held: Holdings, beside_perp: bool) -> Asked:
        """For an account that has a perpetual too, or none: its confidence counts for everything else."""
        return self._asked(replace(held, perp=ONE)) - self.perp() if beside_perp else self._asked(held)

    def _asked(self, held: Holdings) -> Asked:
        im_factor, _ = factors(self.parameters, self.stable_price)
        worths = [self.worth(kind) for kind in held.collaterals]
        found = contingencies(self.parameters, self.market, held, worths, im_factor)
        return Asked(found.maintenance, found.initial)
