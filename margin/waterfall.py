"""Who pays for a loss, in which order, each payer named; nothing of the loss disappears."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custody.money import allocate, mul_div_down


@dataclass(frozen=True, slots=True)
class Layer:
    """A payer and the most it can give, in ledger units."""

    payer: str
    available_units: int


@dataclass(frozen=True, slots=True)
class Absorption:
    """What each layer paid, in order, and what no layer could."""

    drawn: tuple[tuple[str, int], ...]
    unabsorbed_units: int


def absorb(loss_units: int, layers: Sequence[Layer]) -> Absorption:
    """Draw on each layer in turn until the loss is gone or the layers are. Negative figures raise ValueError."""
    if loss_units < 0 or any(layer.available_units < 0 for layer in layers):
        raise ValueError("a loss and what can absorb it are non-negative amounts")
    drawn, remaining = [], loss_units
    for layer in layers:
        take = min(remaining, layer.available_units)
        drawn.append((layer.payer, take))
        remaining -= take
    return Absorption(tuple(drawn), remaining)


def share_among_winners(loss_units: int, gains: Mapping[str, int]) -> dict[str, int]:
    """Split a loss over those who gained, pro rata to their gains, never beyond them (variation-margin gains haircut).

    The haircut is `min(1, loss / Σ gains)` (specs/contagion.md §7); leftover units by largest remainder. Parties
    without a gain pay nothing. Returns what each winner bears; the sum is `min(loss, Σ gains)` exactly. A negative loss
    raises ValueError.
    """
    winners = {party: gain for party, gain in sorted(gains.items()) if gain > 0}
    total = sum(winners.values())
    bearable = min(loss_units, total)
    if bearable == total:
        return winners
    return dict(zip(winners, allocate(bearable, list(winners.values())), strict=True))


def bankruptcy_price_e6(equity_units: int, lots: int, mark_e6: int, lots_per_coin: int) -> int:
    """The price at which closing `lots` (signed) leaves the account with nothing: p − E / q.

    `equity_units` is the account's equity at `mark_e6`, negative when it is already beyond its collateral.
    """
    if lots == 0:
        raise ValueError("an account without a position has no bankruptcy price")
    move = mul_div_down(equity_units, lots_per_coin, abs(lots))
    return mark_e6 - move if lots > 0 else mark_e6 + move
