"""Where in its bar each stated price stands: open first, close last, low and high at drawn steps in between.

A bar does not say when its low was. Bitcoin's falls at a drawn step, before or after the high; another asset's
falls where bitcoin is lowest, because the market fell as one. Likewise the highs. Which of the two came first nobody
knows: it is drawn, or asked for, so that it can be seen whether a result hangs on it (specs/contagion.md §17).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from margin.scenarios.draws import pick
from margin.scenarios.prices import Bar


class Order(StrEnum):
    """Which of a bar's extremes comes first, where the scenario does not date its low."""

    DRAWN = "drawn"
    LOW_FIRST = "low_first"
    HIGH_FIRST = "high_first"


@dataclass(frozen=True, slots=True)
class Placement:
    """Steps from the bar's start at which its low and its high stand; None where open or close show them."""

    low_step: int | None
    high_step: int | None

    def ordered(self, order: Order) -> "Placement":
        """With the two steps changed for each other where they are not in this order."""
        if order is Order.DRAWN or self.low_step is None or self.high_step is None:
            return self
        first, second = sorted((self.low_step, self.high_step))
        return Placement(first, second) if order is Order.LOW_FIRST else Placement(second, first)


def place(
    bar: Bar, open_e6: int, steps: int, seed: int, leader_e6: Sequence[int], order: Order = Order.DRAWN
) -> Placement:
    """Place the bar's low and high on different interior steps of its `steps`.

    `leader_e6` is bitcoin's path over the same steps, or empty for bitcoin itself. The bar has room for its figures
    (`prices.steps_needed`).
    """
    ends = (open_e6, bar.close_e6)
    interior = range(1, steps - 1)
    low_step = None
    if bar.low_at_s is not None:
        low_step = (bar.low_at_s - bar.start_s) * steps // (bar.end_s - bar.start_s)
    elif bar.low_e6 is not None and bar.low_e6 not in ends:
        if leader_e6:
            low_step = min(interior, key=lambda step: leader_e6[step])
        else:
            low_step = pick(seed, "low", bar.asset, bar.start_s, interior)
    high_step = None
    if bar.high_e6 is not None and bar.high_e6 not in ends:
        free = [step for step in interior if step != low_step]
        if leader_e6:
            high_step = max(free, key=lambda step: leader_e6[step])
        else:
            high_step = pick(seed, "high", bar.asset, bar.start_s, free)
    placed = Placement(low_step, high_step)
    return placed if bar.low_at_s is not None else placed.ordered(order)


def anchored(bar: Bar, open_e6: int, steps: int, placement: Placement) -> dict[int, int]:
    """Return the prices (1e-6 dollars) a path of `steps` must hit, by step from the bar's start, in order of time."""
    hit = {0: open_e6}
    if placement.low_step is not None and bar.low_e6 is not None:
        hit[placement.low_step] = bar.low_e6
    if placement.high_step is not None and bar.high_e6 is not None:
        hit[placement.high_step] = bar.high_e6
    hit[steps - 1] = bar.close_e6
    return dict(sorted(hit.items()))
