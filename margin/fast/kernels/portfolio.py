"""Portfolio margin of many accounts: options of an expiry are summed under all columns at once, then its sign decides.

The fast twin of `margin.portfolio` and `margin.contingencies`: PMRM and PMRM_2 are one kernel with other numbers.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from margin.fast.kernels.accounts import CHUNK, Holding, Places
from margin.fast.kernels.prices import Flags, Floats, Numbers

BASIS_UP, BASIS_DOWN, MARK = -3, -2, -1
"""The columns behind those of the scenarios."""


class Units(NamedTuple):
    """What one unit of everything is worth under each column, and what contingencies ask for it.

    Where a pair of rows is given, the second is for accounts with a perpetual: its confidence then counts everywhere.
    """

    values: Floats  # by option and column
    expiry: Numbers  # by option
    strike: Numbers  # by option: the same number for the call and the put of a strike
    long_discount: Floats  # by expiry, as all to the end of this paragraph
    short_discount: Floats
    basis_weight: Floats
    naked_mm: Floats
    naked_im: Floats
    gross_im: Floats  # a pair of rows
    worth: Floats  # by kind of collateral, as all to the end of this paragraph
    moving: Floats
    kind_mm: Floats
    kind_im: Floats  # a pair of rows
    perp: Floats  # its mark, what maintenance and what initial margin ask
    move: Floats  # by scenario, as all to the end: by how much of itself spot moves
    damping: Floats
    is_skew: Flags


class Estimates(NamedTuple):
    """By account: net margins and worth in USD; `binding` is the scenario's number, -1 where the basis is worse."""

    initial: Floats
    maintenance: Floats
    mark_to_market: Floats
    basis: Floats
    binding: Numbers


@njit(inline="always")
def _add_expiry(first: int, stop: int, held: Holding, units: Units, value: Floats) -> tuple[int, float, float]:
    """Sum the options of one expiry under every column into `value`; where it ends, naked shorts and gross size."""
    expiry, strike = units.expiry[held.option[first]], np.int32(-1)
    naked, paired, gross = 0.0, 0.0, 0.0
    value[:] = 0.0
    at = first
    while at < stop and units.expiry[held.option[at]] == expiry:
        option, amount = held.option[at], held.amount[at]
        if units.strike[option] != strike:
            naked += max(-paired, 0.0)
            strike, paired = units.strike[option], 0.0
        paired += amount
        gross += abs(amount)
        row = units.values[option]
        for column in range(len(value)):
            value[column] += amount * row[column]
        at += 1
    return at, naked + max(-paired, 0.0), gross


@njit(inline="always")
def _add_pnl(value: Floats, mark: float, long: float, short: float, is_skew: Flags, pnl: Floats) -> None:
    """What an expiry adds to every scenario: its discounted value less its mark; under a skew always a loss."""
    for scenario in range(len(pnl)):
        shocked = value[scenario]
        change = shocked * (long if shocked >= 0.0 else short) - mark
        pnl[scenario] += -abs(change) if is_skew[scenario] else change


@njit(inline="always")
def _estimate(
    account: int, factors: Floats, held: Holding, units: Units, value: Floats, pnl: Floats
) -> tuple[float, float, float, float, int]:
    """One account, in the order of `Estimates`: `value` is scratch by column, `pnl` becomes the result by scenario."""
    size = held.perp[account, 0]
    confidence = 1 if size != 0.0 else 0
    worth = held.cash[account] + (held.unsettled[account, 0] if size != 0.0 else 0.0)
    moving, maintenance, initial = size * units.perp[0], abs(size) * units.perp[1], abs(size) * units.perp[2]
    for kind in range(len(units.worth)):
        amount = held.collateral[account, kind]
        worth += amount * units.worth[kind]
        moving += amount * units.moving[kind]
        maintenance += amount * units.kind_mm[kind]
        initial += amount * units.kind_im[confidence, kind]
    for scenario in range(len(pnl)):
        pnl[scenario] = moving * units.move[scenario]
    basis = 0.0
    at = held.start[account]
    stop = at + held.length[account]
    while at < stop:
        expiry = units.expiry[held.option[at]]
        at, naked, gross = _add_expiry(at, stop, held, units, value)
        mark = value[MARK]
        _add_pnl(value, mark, units.long_discount[expiry], units.short_discount[expiry], units.is_skew, pnl)
        basis += min(value[BASIS_UP] - mark, value[BASIS_DOWN] - mark, 0.0) * units.basis_weight[expiry]
        worth += mark
        maintenance += naked * units.naked_mm[expiry]
        initial += naked * units.naked_im[expiry] + gross * units.gross_im[confidence, expiry]
    binding, loss = 0, np.inf
    for scenario in range(len(pnl)):
        pnl[scenario] *= units.damping[scenario]
        if pnl[scenario] < loss:
            binding, loss = scenario, pnl[scenario]
    if basis < loss:
        binding, loss = -1, basis
    return (
        loss * factors[0] - maintenance - initial + worth,
        loss * factors[1] - maintenance + worth,
        worth,
        basis,
        binding,
    )


@njit(cache=True)
def estimate_one(
    account: int, factors: Floats, held: Holding, units: Units, value: Floats, pnl: Floats
) -> tuple[float, float, float, float, int]:
    """The margin of one account, in the order of `Estimates`; its result by scenario goes into `pnl`."""
    return _estimate(account, factors, held, units, value, pnl)


@njit(cache=True)
def estimate_few(
    accounts: Places, factors: Floats, held: Holding, units: Units,
    initial: Floats, maintenance: Floats, worth: Floats, basis: Floats, binding: Numbers,
) -> None:  # fmt: skip
    """The margins of the accounts asked for, each at its own place of the columns of `Estimates`, on one core."""
    value, pnl = np.empty(units.values.shape[1]), np.empty(len(units.move))
    for at in accounts:
        initial[at], maintenance[at], worth[at], basis[at], binding[at] = _estimate(
            at, factors, held, units, value, pnl
        )


# What is written comes as arrays of their own: what a parallel loop writes into a tuple is lost (Numba 0.68).
@njit(cache=True, parallel=True)
def estimate(
    accounts: Places, factors: Floats, held: Holding, units: Units,
    initial: Floats, maintenance: Floats, worth: Floats, basis: Floats, binding: Numbers,
) -> None:  # fmt: skip
    """The same on all cores, which pays for many."""
    for chunk in prange((len(accounts) + CHUNK - 1) // CHUNK):
        value, pnl = np.empty(units.values.shape[1]), np.empty(len(units.move))
        for at in accounts[chunk * CHUNK : (chunk + 1) * CHUNK]:
            initial[at], maintenance[at], worth[at], basis[at], binding[at] = _estimate(
                at, factors, held, units, value, pnl
            )
