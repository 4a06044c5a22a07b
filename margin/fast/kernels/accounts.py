"""Positions of all accounts in columns: a block each, in the order of what is listed, with room behind it."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from margin.fast.kernels.prices import Flags, Floats, Numbers

Places: TypeAlias = NDArray[np.int64]

CHUNK, MANY = 256, 4_096
"""Accounts that one core takes at a time, so that its scratch is made once for many; and from how many on several
cores are sooner done than one that waits for nobody."""


# A kernel is compiled anew when its own file changes; who changes these fields has to touch the other files too.
class Holding(NamedTuple):
    """What accounts hold. The options of account `i` are at `start[i]` and the `length[i]` places from there.

    `option` rises within a block, and blocks do not overlap. The second axis is the underlying, or the kind of
    collateral.
    """

    start: Places
    length: Numbers
    option: Numbers
    amount: Floats
    cash: Floats
    perp: Floats
    unsettled: Floats
    collateral: Floats


@njit(cache=True)
def place(account: int, option: int, amount: float, room: int, held: Holding) -> bool:
    """Make `amount` what the account holds of an option; 0 takes it out. False, and nothing done, without room."""
    start, length = held.start[account], held.length[account]
    at, stop = start, start + length
    while at < stop and held.option[at] < option:
        at += 1
    is_held = at < stop and held.option[at] == option
    if is_held and amount != 0.0:
        held.amount[at] = amount
    elif is_held:
        for moved in range(at, stop - 1):
            held.option[moved], held.amount[moved] = held.option[moved + 1], held.amount[moved + 1]
        held.length[account] = length - 1
    elif amount != 0.0:
        if length == room:
            return False
        for moved in range(stop, at, -1):
            held.option[moved], held.amount[moved] = held.option[moved - 1], held.amount[moved - 1]
        held.option[at], held.amount[at] = option, amount
        held.length[account] = length + 1
    return True


@njit(cache=True)
def holders(is_asked: Flags, held: Holding, is_holder: Flags) -> None:
    """Set the flag of every account that holds one of the options asked for."""
    for account in range(len(held.start)):
        for at in range(held.start[account], held.start[account] + held.length[account]):
            if is_asked[held.option[at]]:
                is_holder[account] = True
                break
