"""Standard margin of many accounts: per expiry the shorts alone, or the worst settlement in one walk over the strikes.

The fast twin of `margin.standard` and `margin.standard_options`.
"""

from typing import NamedTuple

from numba import njit, prange

from margin.fast.kernels.accounts import CHUNK, Holding, Places
from margin.fast.kernels.prices import Flags, Floats, Numbers


class StandardUnits(NamedTuple):
    """What one unit of everything is worth, and what is asked for it, in USD."""

    price: Floats  # by option, as all to the end of this paragraph
    strike: Floats
    is_call: Flags
    expiry: Numbers
    short_im: Floats  # alone, for one contract short
    short_mm: Floats
    unpaired_im: Floats  # by expiry, as all to the end of this paragraph; for one call that no long call covers
    unpaired_mm: Floats
    doubt: Floats  # for one contract short, in initial margin, on top of either
    perp_im: Floats  # by underlying, as all to the end; doubt and depeg are in initial margin
    perp_mm: Floats
    base_worth: Floats
    base_im: Floats
    base_mm: Floats


class StandardEstimates(NamedTuple):
    """By account: net margins and worth in USD."""

    initial: Floats
    maintenance: Floats
    mark_to_market: Floats


@njit(inline="always")
def _worst(first: int, stop: int, held: Holding, units: StandardUnits) -> float:
    """The least that options of one expiry pay, at most 0, at a settlement price of zero or any strike (sorted)."""
    payoff, slope, price = 0.0, 0.0, 0.0
    for at in range(first, stop):
        option, amount = held.option[at], held.amount[at]
        if not units.is_call[option]:
            payoff += amount * units.strike[option]
            slope -= amount
    worst = min(payoff, 0.0)
    for at in range(first, stop):
        option = held.option[at]
        payoff += slope * (units.strike[option] - price)
        price = units.strike[option]
        worst = min(worst, payoff)
        slope += held.amount[at]
    return worst


@njit(inline="always")
def _add_expiry(first: int, stop: int, held: Holding, units: StandardUnits) -> tuple[int, float, float, float]:
    """Where an expiry ends, its initial and maintenance margin, and its value."""
    expiry = units.expiry[held.option[first]]
    value, short_im, short_mm, shorts, calls = 0.0, 0.0, 0.0, 0.0, 0.0
    at = first
    while at < stop and units.expiry[held.option[at]] == expiry:
        option, amount = held.option[at], held.amount[at]
        value += amount * units.price[option]
        calls += amount if units.is_call[option] else 0.0
        short = min(amount, 0.0)
        shorts -= short
        short_im += short * units.short_im[option]
        short_mm += short * units.short_mm[option]
        at += 1
    worst, unpaired = _worst(first, at, held, units), min(calls, 0.0)
    initial = max(short_im, worst + unpaired * units.unpaired_im[expiry]) - shorts * units.doubt[expiry]
    return at, initial, max(short_mm, worst + unpaired * units.unpaired_mm[expiry]), value


@njit(inline="always")
def _estimate(account: int, held: Holding, units: StandardUnits) -> tuple[float, float, float]:
    initial = maintenance = worth = held.cash[account]
    for market in range(len(units.perp_im)):
        size, base = held.perp[account, market], held.collateral[account, market]
        if size != 0.0:
            unsettled = held.unsettled[account, market]
            worth += unsettled
            initial += unsettled - abs(size) * units.perp_im[market]
            maintenance += unsettled - abs(size) * units.perp_mm[market]
        worth += base * units.base_worth[market]
        initial += base * units.base_im[market]
        maintenance += base * units.base_mm[market]
    at = held.start[account]
    stop = at + held.length[account]
    while at < stop:
        at, expiry_im, expiry_mm, value = _add_expiry(at, stop, held, units)
        initial, maintenance, worth = initial + expiry_im, maintenance + expiry_mm, worth + value
    return initial, maintenance, worth


@njit(cache=True)
def estimate_one(account: int, held: Holding, units: StandardUnits) -> tuple[float, float, float]:
    """The margin of one account, in the order of `StandardEstimates`."""
    return _estimate(account, held, units)


@njit(cache=True)
def estimate_few(
    accounts: Places, held: Holding, units: StandardUnits, initial: Floats, maintenance: Floats, worth: Floats
) -> None:
    """The margins of the accounts asked for, each at its own place of the columns, on one core."""
    for at in accounts:
        initial[at], maintenance[at], worth[at] = _estimate(at, held, units)


# What is written comes as arrays of their own: what a parallel loop writes into a tuple is lost (Numba 0.68).
@njit(cache=True, parallel=True)
def estimate(
    accounts: Places, held: Holding, units: StandardUnits, initial: Floats, maintenance: Floats, worth: Floats
) -> None:
    """The same on all cores, which pays for many."""
    for chunk in prange((len(accounts) + CHUNK - 1) // CHUNK):
        for at in accounts[chunk * CHUNK : (chunk + 1) * CHUNK]:
            initial[at], maintenance[at], worth[at] = _estimate(at, held, units)
