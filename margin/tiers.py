"""Maintenance margin in tiers of notional, and the price at which an account reaches it.

A larger position needs a larger share. The amount that each tier takes off makes the requirement continuous at its
edges: the same as each part of notional at its own tier's share (specs/contagion.md §7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from margin.fixed import ONE, ZERO, Fixed


@dataclass(frozen=True, slots=True)
class Tier:
    """From this notional (USD, itself in the tier below) on, this share of it, less this amount."""

    above: Fixed
    share: Fixed
    amount: Fixed


def tiers_of(edges: Sequence[tuple[Fixed, Fixed]]) -> tuple[Tier, ...]:
    """Tiers from (above, share), the lowest at 0 first, both rising; ValueError otherwise."""
    if not edges or edges[0][0] or any(low[0] >= high[0] or low[1] >= high[1] for low, high in pairwise(edges)):
        raise ValueError("tiers begin at a notional of 0 and rise")
    tiers = [Tier(ZERO, edges[0][1], ZERO)]
    for above, share in edges[1:]:
        tiers.append(Tier(above, share, tiers[-1].amount + above * (share - tiers[-1].share)))
    return tuple(tiers)


def tier_at(tiers: Sequence[Tier], notional: Fixed) -> Tier:
    """The tier in which a notional lies."""
    return next((tier for tier in reversed(tiers) if notional > tier.above), tiers[0])


def maintenance(tiers: Sequence[Tier], notional: Fixed) -> Fixed:
    """Maintenance margin of a notional ≥ 0, in USD."""
    tier = tier_at(tiers, notional)
    return notional * tier.share - tier.amount


def liquidation_price(tier: Tier, *, equity: Fixed, amount: Fixed, price: Fixed) -> Fixed:
    """The price at which equity is the maintenance margin of `amount` (signed, not 0), all else unmoved.

    `equity` is the account's at `price`, less what its other positions need. Right while the notional there is still
    in the tier. With E + q(x − p) = |q|·x·share − amount: x = (E + amount − q·p) / (|q|·share − q).
    Negative where no price would do it. ZeroDivisionError for a long at a share of one.
    """
    return (equity + tier.amount - amount * price) / (abs(amount) * tier.share - amount)


def bankruptcy_price(*, equity: Fixed, amount: Fixed, price: Fixed) -> Fixed:
    """The price at which the account is worth nothing: p − E / q. ZeroDivisionError for no position."""
    return price - equity / amount


def isolated_liquidation_price(*, available: Fixed, amount: Fixed, price: Fixed, maintenance_leverage: Fixed) -> Fixed:
    """The form that venues on a chain publish: p − side · available / size / (1 − l · side), l = 1 / leverage.

    `available` is equity at `price` less maintenance margin there.
    """
    side = 1 if amount > 0 else -1
    return price - side * available / abs(amount) / (ONE - side * (ONE / maintenance_leverage))
