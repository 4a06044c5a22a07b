"""The test of a step: who is below is closed, prices move, and all are looked at again, until nobody new is below.

That is the least fixed point, for it begins with nobody closed (specs/contagion.md §5.5, §5.6).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from margin.contagion.assumptions import MICRO
from margin.contagion.channels import Channels
from margin.contagion.closing import Orders, fill, orders_of
from margin.contagion.draws import Floats, Whole
from margin.contagion.losses import absorb
from margin.contagion.population import Indexes
from margin.contagion.scan import PPM, standings
from margin.contagion.watch import Breaches
from margin.contagion.waterfalls import order_of

if TYPE_CHECKING:
    from margin.contagion.engine import Run


def to_fixed_point(run: "Run", now_s: int, depth: Floats) -> Floats:
    """Liquidate until nobody new is below; whom it leaves with nothing but debt is paid for. The log moves it made."""
    empty: list[Indexes] = []
    pressed = np.zeros(len(depth))
    hits = (1.0, run.inputs.a["population.stop_hits_book_share"])
    while True:
        forced, stopped = _chosen(run, run.watch.breaches(run.prices), now_s)
        made = [_orders(run, forced), _orders(run, stopped)]
        if not any(len(orders.position) for orders in made):
            break
        pressed += executed(run, list(zip(made, hits, strict=True)), depth)
        _charge(run, made[0])
        empty.append(_emptied(run, np.concatenate([forced, stopped])))
        run.tally.note_liquidated(run, run.books.owner[made[0].position], made[0])  # a shut market has closed nobody
        run.watch.touched(run.books.owner[np.concatenate([orders.position for orders in made])])
    if empty:
        _absorb(run, np.unique(np.concatenate(empty)))
    run.calls.close_healthy(run.prices)
    return pressed


def executed(run: "Run", made: Sequence[tuple[Orders, float]], depth: Floats) -> Floats:
    """Fill at the mid of the old and the new price; of each flow a share hits the book. The log moves."""
    flow = np.zeros(len(depth))
    for orders, share in made:
        flow += share * run.inputs.population.weight * orders.flow_units.sum(axis=0) / MICRO
    before = run.prices.current.copy()
    moves = run.press(flow, depth)
    at: Whole = (before + run.prices.current) // 2
    for orders, _ in made:
        fill(orders, run.books.owner, run.books.rows, run.prices, at, run.books.rest)
    return moves


def _chosen(run: "Run", found: Breaches, now_s: int) -> tuple[Indexes, Indexes]:
    """Who is closed by the venue, and who closes by itself: above maintenance margin, but below its own stop."""
    below = found.equity < found.needed
    stopped = found.account[~below]
    margin = Breaches(found.account[below], found.equity[below], found.needed[below])
    run.tally.breached[margin.account] = True
    at_once = run.at_once[margin.account]
    if at_once.all():
        return margin.account, stopped
    called = Breaches(margin.account[~at_once], margin.equity[~at_once], margin.needed[~at_once])
    late = run.calls.look(called, now_s, run.inputs.path.step_s, run.prices)
    if not at_once.any():
        return late, stopped
    return np.union1d(margin.account[at_once], late).astype(np.int32), stopped


def _orders(run: "Run", accounts: Indexes) -> Orders:
    a = run.inputs.a
    above = int(a["call.slice_above_usd"] * MICRO)
    return orders_of(accounts, run.books.rows, run.prices, run.is_open, above, round(a["call.slice_share"] * PPM))


def _charge(run: "Run", orders: Orders) -> None:
    """Where a venue takes a fee for liquidations, at the prices of now."""
    if run.terms.fee_bps.any():
        which = run.books.rows.instrument[orders.position]
        worth = np.abs(orders.lots) * run.prices.current[which]
        run.books.charge(run.books.owner[orders.position], worth, run.terms.fee_bps, run.prices)


def _emptied(run: "Run", accounts: Indexes) -> Indexes:
    """Of these, those that hold nothing any more and owe."""
    rows = run.books.rows
    _, needed = standings(accounts, rows, run.prices)
    return np.asarray(accounts[(needed == 0) & (rows.principal[accounts] + rows.realised[accounts] < 0)])


def _absorb(run: "Run", empty: Indexes) -> None:
    if len(empty):
        sponsored = Channels.MUTUALISATION not in run.inputs.channels
        order = run.inputs.payers or order_of(run.inputs.regime)
        if absorb(run.books, run.prices, empty, order, run.losses, sponsored=sponsored):
            run.watch.changed()
