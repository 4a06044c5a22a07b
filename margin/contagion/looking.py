"""The loops of the fast watch: what units have and need, up to where lines are looked at, how far prices have gone."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from margin.contagion.books import NEVER
from margin.contagion.draws import Floats, Whole
from margin.contagion.lines import ALONE
from margin.contagion.placing import LOWEST_UP_TO, Units
from margin.contagion.population import Indexes
from margin.contagion.scan import PPM, Prices, Rows, standing


@njit(cache=True)
def figures_of(chosen: Indexes, units: Units, rows: Rows, prices: Prices) -> tuple[Whole, Whole]:
    """Equity and requirement of these units; a requirement of 0 where there is nothing to test or nothing is wrong."""
    equity, needed = np.empty(len(chosen), np.int64), np.empty(len(chosen), np.int64)
    for number, unit in enumerate(chosen):
        have, ask = 0, 0
        for account in range(units.first[unit], units.first[unit + 1]):
            own, asked = standing(account, rows, prices)
            have += own
            ask += asked
        below = units.tested[unit] and ask > 0 and have < max(ask, units.floor[unit])
        equity[number], needed[number] = have, ask if below else 0
    return equity, needed


@njit(cache=True)
def accounts_of(below: Indexes, units: Units, rows: Rows, prices: Prices) -> tuple[Indexes, Indexes]:
    """The accounts with positions of these units, of which each has some, and which of the units each belongs to."""
    count = 0
    for unit in below:
        count += units.first[unit + 1] - units.first[unit]
    account, number = np.empty(count, np.int32), np.empty(count, np.int32)
    filled = 0
    for place, unit in enumerate(below):
        alone = units.first[unit + 1] - units.first[unit] == 1
        for one in range(units.first[unit], units.first[unit + 1]):
            if alone or standing(one, rows, prices)[1] > 0:
                account[filled], number[filled] = one, place
                filled += 1
    return account[:filled], number[:filled]


@njit(cache=True)
def sum_floors(chosen: Indexes, first: Indexes, floor: Whole, sums: Whole) -> None:
    """Write the floors of these units, summed over their accounts."""
    for unit in chosen:
        sums[unit] = 0
        for account in range(first[unit], first[unit + 1]):
            sums[unit] += max(floor[account], NEVER >> 8)


@njit(cache=True)
def units_of(accounts: Indexes, unit_of: Indexes, marked: NDArray[np.bool_]) -> Indexes:
    """Their units, each once, in the order of their first account; `marked` is all false before and after."""
    found, count = np.empty(len(accounts), np.int32), 0
    for account in accounts:
        unit = unit_of[account]
        if not marked[unit]:
            marked[unit] = True
            found[count] = unit
            count += 1
    for unit in found[:count]:
        marked[unit] = False
    return found[:count]


@njit(cache=True)
def levels_at(prices: Prices, clock: Floats) -> Floats:
    """Up to where each line is looked at: longs and shorts of every pair, the clocks, and the same pairs' own stops."""
    venues, kinds = prices.rate_ppm.shape
    pairs = venues * kinds
    levels = np.empty(4 * pairs + ALONE)
    levels[2 * pairs : 2 * pairs + ALONE] = clock
    twins = levels[2 * pairs + ALONE :]
    for pair in range(pairs):
        price, part = float(prices.current[pair % kinds]), prices.rate_ppm[pair // kinds, pair % kinds] / PPM
        levels[pair], levels[pairs + pair] = price * (part - 1.0), price * (part + 1.0)
        if prices.more_ppm.size and part > LOWEST_UP_TO:
            levels[pair] = np.inf
        twins[pair], twins[pairs + pair] = -price, price
    return levels


@njit(cache=True)
def away_from(current: Whole, seen: Floats, ppm: Whole, rates: Floats) -> tuple[float, float, float, float]:
    """From where the clock was set: a price's largest relative fall and rise, a rate's largest rise and fall."""
    falls, rises, steeper, flatter = 0.0, 0.0, 0.0, 0.0
    for which, price in enumerate(current):
        move = price / seen[which] - 1.0
        falls, rises = max(falls, -move), max(rises, move)
    for at, then in enumerate(rates.flat):
        rise = ppm.flat[at] / PPM - then
        steeper, flatter = max(steeper, rise), max(flatter, -rise)
    return falls, rises, steeper, flatter


@njit(cache=True)
def each_once(rising: Indexes) -> Indexes:
    """These numbers without those that equal the one before; in their place."""
    count = 0
    for one in rising:
        if count == 0 or one != rising[count - 1]:
            rising[count] = one
            count += 1
    return rising[:count]
