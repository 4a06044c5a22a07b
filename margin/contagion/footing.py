"""What is held equal when two forms of custody are compared: collateral, cost, safety, or neither as clients respond.

The same accounts, wealth, positions and seeds each time (specs/contagion.md §6.3). With equal collateral segregation
is for free; with equal cost its fee and haircuts come out of what stands behind positions; with equal safety its
margins are set so that as much is lost per dollar of open interest as pooled; and who feels safer may take more
leverage.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.costs import haircut_bps, netting_multiple
from margin.contagion.draws import Whole
from margin.contagion.population import Kind, Population
from margin.contagion.regimes import Custody, Regime
from margin.estimates import BPS
from margin.fixed import SCALE

LEVERAGE = "population.leverage_at_median"
HALVINGS = 7
"""Of the range of margins: to within a fiftieth of a factor of e."""


class Footing(StrEnum):
    """The four comparisons, all to be reported."""

    SAME_COLLATERAL = "same_collateral"
    SAME_COST = "same_cost"
    SAME_SAFETY = "same_safety"
    LEVERAGE_RESPONSE = "leverage_response"


def charged(population: Population, a: Assumptions, regime: Regime) -> Population:
    """What is left as collateral when a year's fee, haircuts and lost netting are paid out of it; pooled: all.

    Haircuts fall on the coins among the collateral, and on stablecoins less; lost netting on clients with several
    accounts, and only where delegations are locked: elsewhere the regimes themselves say what nets.
    """
    if not regime.is_segregated:
        return population
    left_bps = BPS - haircut_bps(a) - round(a["cost.custody_fee_bps"])
    accounts, kind = population.accounts, population.clients.kind
    cash = _part(accounts.cash_units, left_bps)
    if regime.custody is Custody.SEGREGATED_STATIC:
        many = np.bincount(accounts.client)[accounts.client]
        cash = np.where(many > 1, _part(cash, (BPS / netting_multiple(a)).units // SCALE), cash)
    ordinary = kind[accounts.client] != Kind.REST
    return replace(population, accounts=replace(accounts, cash_units=np.where(ordinary, cash, accounts.cash_units)))


def _part(units: Whole, bps: int) -> Whole:
    """Rounded down, without leaving 64 bits."""
    return np.asarray(units // BPS * bps + units % BPS * bps // BPS)


def equal_safety(shortfall_at: Callable[[float], float], wanted: float, *, lowest: float, highest: float) -> float:
    """The multiple of all margins at which the shortfall is the wanted one, by halving a range of ratios.

    A higher margin closes accounts earlier, so their shortfall falls; where the range ends before it is the wanted one,
    the nearer end. Raises ValueError unless 0 < lowest < highest.
    """
    if not 0.0 < lowest < highest:
        raise ValueError(f"margins are searched in a range above zero, not {lowest} to {highest}")
    if shortfall_at(lowest) <= wanted:
        return lowest
    if shortfall_at(highest) >= wanted:
        return highest
    for _ in range(HALVINGS):
        middle = (lowest * highest) ** 0.5
        if shortfall_at(middle) > wanted:
            lowest = middle
        else:
            highest = middle
    return float((lowest * highest) ** 0.5)


def responded(a: Assumptions, pooled_shortfall: float, segregated_shortfall: float) -> Assumptions:
    """Leverage times 1 + e Δsafety, where Δsafety is the part of the pooled shortfall that segregation takes away."""
    if pooled_shortfall <= 0.0:
        return a
    safer = 1.0 - segregated_shortfall / pooled_shortfall
    factor = 1.0 + a["cost.leverage_response"] * float(np.clip(safer, -1.0, 1.0))
    return a.changed({LEVERAGE: a[LEVERAGE] * factor})
