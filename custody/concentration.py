"""How much of each asset counts when none may be more than its share of what counts.

The limit is measured against what counts in the end, not against what was brought: otherwise a large heap of the asset
that is to be limited would widen its own limit. So what counts, C, is the largest solution of

    C = Σ_a min(value_a, share_a × C)

An asset is over its share when share_a / value_a < 1 / C: in the order of that quotient, those over it come first. With
U the value of the rest and S the shares of those over, C = U / (1 − S), which is found exactly, as a quotient of ints,
in at most as many steps as there are assets. Given up: an asset with a limited share counts for nothing when it stands
alone, for there is nothing that it could be a share of.
"""

from collections.abc import Mapping
from fractions import Fraction

from custody.money import mul_div_down

BPS = 10_000


def within_shares(values: Mapping[str, int], shares_bps: Mapping[str, int]) -> dict[str, int]:
    """What each asset counts for: never more than its value, nor than its share of C; rounded down.

    `values` (1e-6 USD, not negative) and `shares_bps` (0 to 10,000) name the same assets, and so does the answer. Its
    sum is less than C by under one unit an asset.
    """
    rest_units, over_bps = sum(values.values()), 0
    over: set[str] = set()
    limited = [asset for asset, value in values.items() if value and shares_bps[asset] < BPS]
    for asset in sorted(limited, key=lambda one: Fraction(shares_bps[one], values[one])):
        # value / share ≤ rest / (1 − over): this one is within its share, and so are all that follow.
        if values[asset] * (BPS - over_bps) <= shares_bps[asset] * rest_units:
            break
        over.add(asset)
        rest_units, over_bps = rest_units - values[asset], over_bps + shares_bps[asset]
    # The shares of those over sum to less than one: the last of them is part of the rest that it is compared with.
    return {
        asset: mul_div_down(rest_units, shares_bps[asset], BPS - over_bps) if asset in over else value
        for asset, value in values.items()
    }
