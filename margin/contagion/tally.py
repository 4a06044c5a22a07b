"""What a run counts as it goes: forced notional, accounts, series by step; the metrics are made from it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import MICRO
from margin.contagion.closing import Orders
from margin.contagion.draws import Floats
from margin.contagion.population import Indexes
from margin.contagion.winners import gains_units

if TYPE_CHECKING:
    from margin.contagion.engine import Inputs, Run


@dataclass(slots=True)
class Tally:
    """Sums in $ of what is represented; series have a row a step, and a column an instrument where they have two axes.

    `passing` is the part of `displacement` that decays; `shortfall_usd` is what has been short so far.
    """

    liquidated_usd: Floats
    long_usd: float
    largest_order_usd: float
    liquidated: NDArray[np.bool_]
    breached: NDArray[np.bool_]
    price_units: NDArray[np.int64]
    displacement: NDArray[np.float64]
    depth_usd: NDArray[np.float64]
    flow_usd: NDArray[np.float64]
    passing: NDArray[np.float64]
    trapped_usd: Floats
    shortfall_usd: Floats
    weight: float
    by_account_usd: Floats
    unsecured_usd: float = 0.0
    supercritical_at: int | None = None
    trapped_usd_hours: float = 0.0
    _flow: Floats = field(default_factory=lambda: np.zeros(1))

    @classmethod
    def empty(cls, inputs: "Inputs") -> "Tally":
        steps, kinds = inputs.path.units.shape
        series = np.zeros((steps, kinds))
        return cls(
            np.zeros(kinds), 0.0, 0.0, np.zeros(len(inputs.population.accounts), bool),
            np.zeros(len(inputs.population.accounts), bool), inputs.path.units.copy(),
            series.copy(), series.copy(), series.copy(), series.copy(), np.zeros(steps), np.zeros(steps),
            inputs.population.weight, np.zeros(len(inputs.population.accounts)), _flow=np.zeros(kinds),
        )  # fmt: skip

    def note_liquidated(self, run: "Run", accounts: Indexes, orders: Orders) -> None:
        """Forced orders of one round."""
        weight = run.inputs.population.weight
        rows = run.books.rows
        which = rows.instrument[orders.position]
        units = orders.lots * run.prices.current[which]
        size = units / MICRO
        whole = np.zeros(len(self._flow), np.int64)
        np.add.at(whole, which, np.abs(units))  # ints: floats would add up to something else in another order
        sums = whole / MICRO * weight
        self.liquidated_usd += sums
        self._flow += sums
        np.add.at(self.by_account_usd, run.books.owner[orders.position], np.abs(size) * weight)
        self.long_usd += int(units[units > 0].sum()) / MICRO * weight
        self.largest_order_usd = max(self.largest_order_usd, float(np.abs(size).max(initial=0.0)))
        self.liquidated[accounts] = True

    def grouped_usd(self, clients: Indexes, groups: int) -> Floats:
        """Forced notional of random groups of clients: those whose numbers leave the same rest."""
        return np.asarray(np.bincount(clients % groups, self.by_account_usd, groups), np.float64)

    def note_step(self, run: "Run", depth: Floats) -> None:
        at = run.step
        self.price_units[at] = run.prices.current
        self.displacement[at], self.depth_usd[at] = run.pressure.displacement, depth
        self.passing[at] = run.pressure.passing
        self.shortfall_usd[at] = run.losses.paid.total() / MICRO * self.weight
        self.flow_usd[at], self._flow = self._flow, np.zeros(len(self._flow))

    def note_unsecured(self, run: "Run") -> None:
        """Winners' unsettled gains at this moment, if they are the most so far."""
        weight = run.inputs.population.weight
        total = sum(
            int(gains_units(run.books, run.prices, venue)[1].sum()) for venue in range(run.inputs.population.venues)
        )
        self.unsecured_usd = max(self.unsecured_usd, total / MICRO * weight)

    def note_trapped(self, at: int, idle_units: int, step_s: int) -> None:
        self.trapped_usd[at] = idle_units / MICRO * self.weight
        self.trapped_usd_hours += self.trapped_usd[at] * step_s / 3600

    def note_supercritical(self, step: int) -> None:
        self.supercritical_at = step if self.supercritical_at is None else self.supercritical_at
