"""What an insurance fund may still pay: some venues close winners before it is empty, once it has fallen too fast.

A fall is measured from the highest balance within a window of time. Balances are ledger units.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from custody.money import mul_div_up

BPS = 10_000


@dataclass(frozen=True, slots=True)
class FallRule:
    """The fund stops paying when it has fallen by `fall_bps` from its peak of the last `window_s` seconds."""

    fall_bps: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What the fund holds from `at_s` (UTC seconds) on."""

    at_s: int
    units: int


def peak_units(history: Sequence[Balance], now_s: int, window_s: int) -> int:
    """The highest balance that stood at any moment of the window, its first second included; 0 of no history.

    `history` is in the order of time, ends with what the fund holds now, and may reach further back than the window.
    """
    since_s = now_s - window_s
    ends_s = [*(balance.at_s for balance in history[1:]), now_s + 1]
    return max((one.units for one, end_s in zip(history, ends_s, strict=False) if end_s > since_s), default=0)


def payable_units(history: Sequence[Balance], now_s: int, rule: FallRule | None = None) -> int:
    """The most that the fund may pay now: all it holds, or what leaves it at its lowest permitted balance.

    What it keeps is rounded up. A fund that is below that already pays nothing, however much it holds.
    """
    held = history[-1].units if history else 0
    if rule is None:
        return held
    kept = mul_div_up(peak_units(history, now_s, rule.window_s), BPS - rule.fall_bps, BPS)
    return max(held - kept, 0)


def contribution_units(fees_units: int, share_bps: int) -> int:
    """The fund's share of fees; rounded up."""
    return mul_div_up(fees_units, share_bps, BPS)
