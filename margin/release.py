"""What may leave a venue: the most units of each asset in turn, so that what stays still counts for enough.

A release rounds the other way from a top-up (`margin.topup`): what stays is rounded up, so that no unit leaves which
initial margin needs.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
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

    def is_enough(asset: str, units: int) -> bool:
        return value(schedule, {**stays, asset: units}, prices_e6).collateral_units >= enough_units

    released = {}
    for asset in dict.fromkeys((*first, *schedule)):
        units = stays.get(asset, 0)
        # From too little to enough: the first that is enough, and all of it if nothing less is.
        least = bisect_left(range(units), True, key=partial(is_enough, asset))
        if least < units:
            stays[asset], released[asset] = least, units - least
    return released
