"""A wrapper's backing: the claim tokens that it holds against what it has credited to sub-accounts.

Whoever may burn a claim token may burn it at the wrapper, which does not hear of it: sub-accounts stay credited, and
margin goes on counting what no longer is there (specs/custody_token.md §6, measured). So the two are compared at one
block, and every burn at a wrapper is a break by itself, whether or not enough is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.reconciling.amounts import Worth
from settlement.reconciling.breaks import Break, BreakType, Outcome, Source


@dataclass(frozen=True, slots=True)
class Burn:
    """Claims burned at a wrapper's address: the transaction, its block, the amount."""

    tx_hash: str
    block: int
    amount_e18: int


@dataclass(frozen=True, slots=True)
class Backing:
    """`held_e18`: the wrapper's token balance in 18 decimals; `credited_e18` by sub-account."""

    place: str
    held_e18: int
    credited_e18: Mapping[int, int]
    burns: tuple[Burn, ...] = ()


def compare_backing(backing: Backing, worth: Worth) -> Outcome:
    """Held is at least credited, and nothing was ever burned there. More than credited is no break: a gift."""
    credited = sum(backing.credited_e18.values())
    first = backing.burns[-1].tx_hash if backing.burns else ""
    breaks = []
    for burn in backing.burns:
        said = {Source.LEDGER: 0, Source.CHAIN: burn.amount_e18}
        effect = worth.effect_e6(burn.amount_e18)
        breaks.append(
            Break(BreakType.STATUS, "burn at a wrapper", backing.place, Source.CHAIN, said, burn.tx_hash, 0, effect)
        )
    if backing.held_e18 < credited:
        said = {Source.VENUE: credited, Source.CHAIN: backing.held_e18}
        effect = worth.effect_e6(credited - backing.held_e18)
        breaks.append(Break(BreakType.AMOUNT, "backing", backing.place, Source.CHAIN, said, first, 0, effect))
    return Outcome(tuple(breaks), (), 1)
