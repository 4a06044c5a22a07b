"""Exact flows in whole units, none of them a unit away from what it is, and every name's account still even.

Rounding each payment by itself would have names pay what they have not. But where what a name gives and takes is even
in fractions, each of its fractional flows meets another: they lie on rings, and a fraction pushed around a ring leaves
every account on it as it was. Each push makes one flow whole (the rounding of a circulation; Ford and Fulkerson: whole
bounds that a fractional circulation keeps, a whole one keeps too). For one giver it is a split that sums to the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """From one name to another, "" being the world outside; `use` tells two flows between the same names apart."""

    giver: str
    taker: str
    use: str = ""

    def other(self, name: str) -> str:
        """Its other end."""
        return self.taker if name == self.giver else self.giver


def in_whole_units(flows: Mapping[Flow, Fraction]) -> dict[Flow, int]:
    """Each flow rounded down or up, what every name gives less what it takes unchanged; the same on every machine.

    Raises ValueError where that difference is no whole number for some name, for then it cannot be kept.
    """
    exact = dict(flows)
    loose = {flow for flow, units in exact.items() if units.denominator != 1}
    ends: dict[str, list[Flow]] = {}
    for flow in sorted(loose):
        ends.setdefault(flow.giver, []).append(flow)
        ends.setdefault(flow.taker, []).append(flow)
    while loose:
        _push(exact, _ring(ends, min(loose)))
        for flow in [flow for flow in loose if exact[flow].denominator == 1]:
            loose.discard(flow)
            ends[flow.giver].remove(flow)
            ends[flow.taker].remove(flow)
    return {flow: int(units) for flow, units in exact.items()}


def _ring(ends: Mapping[str, list[Flow]], first: Flow) -> list[tuple[Flow, int]]:
    """Flows that lead from a name back to itself, each with +1 if it is walked from giver to taker, else −1."""
    walk: list[tuple[Flow, int]] = []
    seen: dict[str, int] = {}
    name, last = first.giver, None
    while name not in seen:
        seen[name] = len(walk)
        onward = next((flow for flow in ends[name] if flow is not last), None)
        if onward is None:
            raise ValueError(f"what {name or 'the world'} gives less what it takes is no whole number of units")
        walk.append((onward, 1 if onward.giver == name else -1))
        name, last = onward.other(name), onward
    return walk[seen[name] :]


def _push(exact: dict[Flow, Fraction], ring: list[tuple[Flow, int]]) -> None:
    """As much around the ring as makes one of its flows whole, in the direction in which that is less."""
    forth = min(_room(exact[flow], sign) for flow, sign in ring)
    back = min(_room(exact[flow], -sign) for flow, sign in ring)
    amount = forth if forth <= back else -back
    for flow, sign in ring:
        exact[flow] += sign * amount


def _room(units: Fraction, sign: int) -> Fraction:
    """How far it is up, or down, to the next whole number."""
    return floor(units) + 1 - units if sign > 0 else units - floor(units)
