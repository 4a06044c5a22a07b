"""How much a margin rate moves with the market: the measures of Murphy, Vasios and Vause (2014), and what they cost.

Each is of a rate, or of the margin of one unchanged portfolio, day by day. A rate that never moves is not procyclical,
and covers nothing when it matters: `breaches` belongs beside them. Exact; estimates only when they are printed.
"""

from collections.abc import Sequence
from fractions import Fraction

from margin.fixed import Fixed


def peak_to_trough(margins: Sequence[Fixed]) -> Fraction:
    """The highest margin over the lowest (≥ 1): how far it moves over a whole cycle. All above zero, at least one."""
    _require_margins(margins, 1)
    return Fraction(max(margins).units, min(margins).units)


def largest_rise(margins: Sequence[Fixed], days: int) -> Fraction:
    """max over t of M(t + days) / M(t): how fast it may move in n days; below 1 where it only ever fell."""
    _require_margins(margins, days + 1)
    return max(Fraction(later.units, before.units) for before, later in zip(margins, margins[days:], strict=False))


def largest_call(margins: Sequence[Fixed], days: int) -> Fixed:
    """max over t of M(t + days) − M(t), not below 0: the cash that must be found within n days."""
    _require_margins(margins, days + 1)
    return max(*(later - before for before, later in zip(margins, margins[days:], strict=False)), Fixed(0))


def breaches(margins: Sequence[Fixed], losses: Sequence[Fixed]) -> int:
    """Days on which the loss was larger than the margin that stood before it. `losses[t]` follows `margins[t]`."""
    return sum(loss > margin for margin, loss in zip(margins, losses, strict=True))


def _require_margins(margins: Sequence[Fixed], least: int) -> None:
    if len(margins) < least or min(margins) <= 0:
        raise ValueError(f"expected at least {least} margins, all above zero")
