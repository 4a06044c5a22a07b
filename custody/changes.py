"""Why an asset counts for more or less than it did: its rules, its price, or what is held of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from custody.appraisal import Appraisal
from custody.collateral import Eligible
from custody.prices import PriceRefusal


class Cause(StrEnum):
    """Why one asset counts for more or less than it did."""

    NO_LONGER_ELIGIBLE = "no_longer_eligible"
    NO_LONGER_PRICED = "no_longer_priced"
    HAIRCUT_RAISED = "haircut_raised"
    LIMIT_LOWERED = "limit_lowered"
    SHARE_NARROWED = "share_narrowed"
    """Its limit is a share, and what it is a share of counts for less by another asset's rule."""
    NOW_ELIGIBLE = "now_eligible"
    PRICED_AGAIN = "priced_again"
    HAIRCUT_LOWERED = "haircut_lowered"
    LIMIT_RAISED = "limit_raised"
    PRICE_FELL = "price_fell"
    PRICE_ROSE = "price_rose"
    TAKEN_OUT = "taken_out"
    BROUGHT = "brought"

    @property
    def is_called(self) -> bool:
        """Whether what it takes is demanded: the rules took it, not the market nor the client."""
        return self in _CALLED


_CALLED = frozenset({
    Cause.NO_LONGER_ELIGIBLE, Cause.NO_LONGER_PRICED, Cause.HAIRCUT_RAISED, Cause.LIMIT_LOWERED, Cause.SHARE_NARROWED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What one asset counted for and counts for, in 1e-6 USD, and everything that differs in between."""

    asset: str
    from_units: int
    to_units: int
    causes: tuple[Cause, ...]


def causes_between(before: Appraisal, after: Appraisal, asset: str) -> Iterator[Cause]:
    """What differs for one asset between two appraisals: its price, its terms, what is held of it; in this order."""
    old, new = before.edition.schedule.get(asset), after.edition.schedule.get(asset)
    if old is not None and new is not None:
        yield from _in_price(before.prices[asset], after.prices[asset])
        yield from _in_terms(old, new)
    elif old is not None:
        yield Cause.NO_LONGER_ELIGIBLE
    elif new is not None:
        yield Cause.NOW_ELIGIBLE
    had, has = before.holdings.get(asset, 0), after.holdings.get(asset, 0)
    if has != had:
        yield Cause.BROUGHT if has > had else Cause.TAKEN_OUT


def _in_price(old: int | PriceRefusal, new: int | PriceRefusal) -> Iterator[Cause]:
    if isinstance(old, int) and isinstance(new, int):
        if new != old:
            yield Cause.PRICE_ROSE if new > old else Cause.PRICE_FELL
    elif isinstance(old, int):
        yield Cause.NO_LONGER_PRICED
    elif isinstance(new, int):
        yield Cause.PRICED_AGAIN


def _in_terms(old: Eligible, new: Eligible) -> Iterator[Cause]:
    if new.haircut_bps != old.haircut_bps:
        yield Cause.HAIRCUT_RAISED if new.haircut_bps > old.haircut_bps else Cause.HAIRCUT_LOWERED
    limits = (new.most_units - old.most_units, new.most_share_bps - old.most_share_bps)
    if min(limits) < 0:
        yield Cause.LIMIT_LOWERED
    if max(limits) > 0:
        yield Cause.LIMIT_RAISED
