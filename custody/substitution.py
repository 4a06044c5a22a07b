"""What becomes ineligible is called, not seized: a demand to bring other collateral until a deadline. Nothing moves.

When the rules take away what the market has not (an asset leaves the schedule, its sources fall silent, a haircut or a
limit is tightened), the client is asked to substitute. Until the deadline a margin test goes on counting what the old
rules would count; at the deadline that ends, and what is then short is an ordinary margin call with its own cure
period, for whose length the loss of a rule is still no reason to liquidate at once. There is no further step here.

What a rule took is what today's holdings would count for under the old rules, less what they count for. A fall in price
is the market's, and no demand comes of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from custody.appraisal import Appraisal
from custody.changes import Cause, Change, causes_between
from custody.collateral import Eligible
from custody.valuation import value


@dataclass(frozen=True, slots=True)
class Demand:
    """Bring other collateral that counts for `lost_units` (1e-6 USD) until `deadline_s`.

    The old rules would still count `kept_units`. `was` and `price_e6` are the terms and the last price of that.
    """

    venue: str
    asset: str
    lost_units: int
    kept_units: int
    causes: tuple[Cause, ...]
    called_at_s: int
    deadline_s: int
    was: Eligible
    price_e6: int


class Stage(StrEnum):
    """How a demand stands; none of its stages moves anything."""

    WAITING = "waiting"
    CURED = "cured"
    """The asset counts again, or is no longer there."""
    MARGIN_CALL = "margin_call"
    """The deadline has passed: what is missing now is for the margin test to call."""


@dataclass(frozen=True, slots=True)
class Revaluation:
    """What differs between two appraisals, and what is asked of the client for it."""

    changes: tuple[Change, ...]
    demands: tuple[Demand, ...]


def revalue(before: Appraisal, after: Appraisal) -> Revaluation:
    """Compare two appraisals of one client at one venue, the earlier first.

    A loss is demanded once: by the comparison in which it appears. With `after` under an edition that is only announced
    the demands are a forecast, and will be made by the comparison across the moment at which it takes effect. Raises
    ValueError for appraisals of two venues, or in the wrong order.
    """
    if before.venue != after.venue or before.at_s > after.at_s:
        raise ValueError("expected two appraisals of one venue, the earlier first")
    was, now = before.valuation.counted, after.valuation.counted
    kept_prices = _kept_prices(before, after)
    kept, lost = _kept_and_lost(before, after, kept_prices)
    changes, demands = [], []
    for asset in dict.fromkeys((*was, *now)):
        causes = tuple(causes_between(before, after, asset))
        if asset in lost and not any(cause.is_called for cause in causes):
            causes = (Cause.SHARE_NARROWED, *causes)
        if causes:
            changes.append(Change(asset, was.get(asset, 0), now.get(asset, 0), causes))
        if asset in lost:
            demands.append(
                Demand(
                    venue=after.venue,
                    asset=asset,
                    lost_units=lost[asset],
                    kept_units=kept[asset],
                    causes=tuple(cause for cause in causes if cause.is_called),
                    called_at_s=after.at_s,
                    deadline_s=max(after.at_s, after.edition.effective_at_s) + after.edition.substitution_s,
                    was=before.edition.schedule[asset],
                    price_e6=kept_prices[asset],
                )
            )
    return Revaluation(tuple(changes), tuple(demands))


def stage(demand: Demand, today: Appraisal) -> Stage:
    """How the demand stands at this appraisal of the same client at the same venue."""
    if not _still_lost_units([demand], today):
        return Stage.CURED
    return Stage.WAITING if today.at_s < demand.deadline_s else Stage.MARGIN_CALL


def in_cure_units(demands: Iterable[Demand], today: Appraisal) -> int:
    """What a margin test adds to what the collateral counts for, in 1e-6 USD: what is still waited for.

    Only a test that could end in a call may add it. What opens a position, or lets collateral out, must not.
    """
    return _still_lost_units([one for one in demands if today.at_s < one.deadline_s], today)


def spared_units(demands: Iterable[Demand], today: Appraisal, grace_s: int) -> int:
    """What is no reason to liquidate without a call, in 1e-6 USD: what was waited for, for one cure period more.

    `grace_s` is the cure period of a margin call. (margin/calls.py takes this amount as `spared_units`.)
    """
    return _still_lost_units([one for one in demands if 0 <= today.at_s - one.deadline_s < grace_s], today)


def _kept_prices(before: Appraisal, after: Appraisal) -> dict[str, int]:
    """Today's price of whatever had one before; the one before where there is none today."""
    return {
        asset: today if isinstance(today := after.prices.get(asset), int) else price
        for asset, price in before.prices.items()
        if isinstance(price, int)
    }


def _kept_and_lost(
    before: Appraisal, after: Appraisal, kept_prices: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """By asset, for the holdings that were there both times: what the old rules would count, and what of it is lost."""
    both = {
        asset: min(units, after.holdings.get(asset, 0))
        for asset, units in before.holdings.items()
        if asset in kept_prices
    }
    kept = value(before.edition.schedule, both, kept_prices).counted
    left = value(after.edition.schedule, both, after.prices).counted
    return kept, {asset: lost for asset, units in kept.items() if (lost := units - left[asset]) > 0}


def _still_lost_units(demands: Sequence[Demand], today: Appraisal) -> int:
    """What the old terms would count beyond what counts, asset by asset, and never more than was demanded.

    However often one asset was lost, it is missing once: several demands for it do not add up to more.
    """
    lost: dict[str, int] = {}
    kept: dict[str, int] = {}
    for one in demands:
        price = today.prices.get(one.asset)
        units = min(today.holdings.get(one.asset, 0), one.was.most_units)
        worth = one.was.collateral_units(units, price if isinstance(price, int) else one.price_e6)
        lost[one.asset] = lost.get(one.asset, 0) + one.lost_units
        kept[one.asset] = max(kept.get(one.asset, 0), min(worth, one.kept_units))
    counted = today.valuation.counted
    return sum(min(lost[asset], max(kept[asset] - counted.get(asset, 0), 0)) for asset in lost)
