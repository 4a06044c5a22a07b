"""What may leave a venue: the most units of each asset in turn, so that what stays still counts for enough.

A release rounds the other way from a top-up (`margin.topup`): what stays is rounded up, so that no unit leaves which
initial margin needs.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from custody.collateral import Schedule
from custody.valuation import value


def plan_release(
    spare_units: int,
    held: Mapping[str, int],
    schedule: Schedule,
    prices_e6: Mapping[str, int],
    first: Sequence[str] = (),
) -> dict[str, int]:
    """The ledger units by asset that may leave together, so that the rest counts for at most `spare_units` less.

    `held` are ledger units by asset; what has no price does not leave, and does not count. `first` are the assets that
    give before the others, which give in the schedule's order. `spare_units` is 1e-6 USD after haircuts and limits.
    """
    stays = {asset: units for asset, units in held.items() if asset in prices_e6}
    enough_units = value(schedule, stays, prices_e6).collateral_units - spare_units
    if spare_units <= 0:
        return {}

    def beyond(asset: str, units: int) -> int:
        """What there is beyond enough if so much of an asset stays."""
        return value(schedule, {**stays, asset: units}, prices_e6).collateral_units - enough_units

    released = {}
    for asset in dict.fromkeys((*first, *schedule)):
        if units := stays.get(asset, 0):
            alone = schedule[asset].collateral_units(units, prices_e6[asset])
            needed = max(alone - beyond(asset, units), 0)
            guess = schedule[asset].units_worth(needed, prices_e6[asset]) if alone else 0
            stays[asset] = _least(partial(beyond, asset), units, guess)
            released[asset] = units - stays[asset]
    return {asset: units for asset, units in released.items() if units}


def _least(beyond: Callable[[int], int], units: int, guess: int) -> int:
    """The fewest units with which nothing is missing: all, if nothing less will do.

    The guess is that of an asset without limits; where a limit makes more or less of it stay, it is looked for.
    """
    if guess <= units and beyond(guess) >= 0 and not (guess and beyond(guess - 1) >= 0):
        return guess
    return bisect_left(range(units), 0, key=beyond)
