"""What segregation costs a year, in parts of what is held: a custodian's fee, and collateral that is needed besides.

More has to be held where custody takes haircuts, and where delegations are locked so that legs at two venues no longer
share their margin (specs/contagion.md §9); what more is held has a cost of capital. Pooled collateral pays none of it.
What a winner has not been settled is no cost of a year but a claim: it is told beside.
"""

from dataclasses import dataclass

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.population import Kind, Population
from margin.contagion.regimes import Custody, Regime
from margin.contagion.theory.custody_costs import grace_shortfall, unsettled_mean
from margin.estimates import ratio_from_bps
from margin.fixed import SCALE, Fixed
from margin.netting_benefit import lost_netting

HOURS = (2.0, 4.0, 24.0)
"""Cycles that Copper settles in."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Basis points of balances a year."""

    fee_bps: float = 0.0
    haircuts_bps: float = 0.0
    lost_netting_bps: float = 0.0

    @property
    def total_bps(self) -> float:
        return self.fee_bps + self.haircuts_bps + self.lost_netting_bps


def haircut_bps(a: Assumptions) -> int:
    """Of all collateral: coins', and less on stablecoins."""
    coins = a["cost.coin_share"]
    return round(coins * a["cost.haircut_bps"] + (1.0 - coins) * a["cost.stable_haircut_bps"])


def netting_multiple(a: Assumptions) -> Fixed:
    """Margin of two legs that stand apart over that of both together."""
    return lost_netting(2, Fixed.of(f"{a['population.hedge_correlation']:.6f}"))


def several_share(population: Population) -> float:
    """The part of all clients' collateral that is theirs who have accounts at several venues."""
    accounts = population.accounts
    ordinary = population.clients.kind[accounts.client] != Kind.REST
    several = np.bincount(accounts.client)[accounts.client] > 1
    whole = int(accounts.cash_units[ordinary].sum())
    return int(accounts.cash_units[ordinary & several].sum()) / whole if whole else 0.0


def costs(a: Assumptions, regime: Regime, several: float) -> Costs:
    """Of one regime; `several` is `several_share` of its population."""
    if not regime.is_segregated:
        return Costs()
    left = 1.0 - ratio_from_bps(haircut_bps(a))
    lost = several * (netting_multiple(a).units / SCALE - 1.0) if regime.custody is Custody.SEGREGATED_STATIC else 0.0
    capital_bps = a["cost.capital_bps"]
    return Costs(a["cost.custody_fee_bps"], capital_bps * (1.0 / left - 1.0), capital_bps * lost)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Between settlements, of notional: the mean gain or loss, half of which is the winners' claim; ordinary and at the
    volatility of a day like 5 February.
    """

    hours: float
    ordinary: float
    stressed: float


def unsettled(daily_volatility: float, stressed_volatility: float) -> tuple[Unsettled, ...]:
    """By the cycles that there are."""
    return tuple(
        Unsettled(hours, unsettled_mean(daily_volatility, hours), unsettled_mean(stressed_volatility, hours))
        for hours in HOURS
    )


def grace_cost(a: Assumptions, daily_volatility: float) -> float:
    """What a grace window costs in shortfall, of notional: the maintenance margin is what the loss has to pass."""
    buffer = a.instruments[0].maintenance_ppm / 1_000_000
    return grace_shortfall(daily_volatility, a["call.grace_s"] / 60.0, buffer) if a["call.grace_s"] > 0 else 0.0
