"""Exact flows in whole units, none of them a unit away from what it is, and every name's account still even.

Rounding each payment by itself would have names pay what they have not. But where what a name gives and takes is even
in fractions, each of its fractional flows meets another: they lie on rings, and a fraction pushed around a ring leaves
every account on it as it was. Each push makes one flow whole (the rounding of a circulation; Ford and Fulkerson: whole
bounds that a fractional circulation keeps, a whole one keeps too). For one giver it is a split that sums to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm


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
    unit = lcm(*(amount.denominator for amount in flows.values()))
    # In parts of one unit, as many as make every flow a whole number of parts.
    parts = {flow: amount.numerator * (unit // amount.denominator) for flow, amount in flows.items()}
    loose = _Loose(parts, unit)
    for flow in sorted(flow for flow, amount in parts.items() if amount % unit):
        while parts[flow] % unit:
            loose.push(loose.ring(flow))
    return {flow: amount // unit for flow, amount in parts.items()}


@dataclass(slots=True)
class _Loose:
    """The flows that are not whole yet, by the names at their ends."""

    parts: dict[Flow, int]
    unit: int
    ends: dict[str, list[Flow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for flow in sorted(flow for flow, amount in self.parts.items() if amount % self.unit):
            self.ends.setdefault(flow.giver, []).append(flow)
            self.ends.setdefault(flow.taker, []).append(flow)

    def ring(self, first: Flow) -> list[tuple[Flow, int]]:
        """Flows that lead from a name back to itself, each with +1 if it is walked from giver to taker, else −1."""
        walk: list[tuple[Flow, int]] = []
        seen: dict[str, int] = {}
        name, last = first.giver, None
        while name not in seen:
            seen[name] = len(walk)
            onward = next((flow for flow in self.ends[name] if flow is not last), None)
            if onward is None:
                raise ValueError(f"what {name or 'the world'} gives less what it takes is no whole number of units")
            walk.append((onward, 1 if onward.giver == name else -1))
            name, last = onward.other(name), onward
        return walk[seen[name] :]

    def push(self, ring: Sequence[tuple[Flow, int]]) -> None:
        """As much around the ring as makes one of its flows whole, in the direction in which that is less."""
        # How far to the next whole number: up is what is missing from it, down what is over it.
        forth = min(-sign * self.parts[flow] % self.unit for flow, sign in ring)
        back = min(sign * self.parts[flow] % self.unit for flow, sign in ring)
        amount = forth if forth <= back else -back
        for flow, sign in ring:
            self.parts[flow] += sign * amount
            if not self.parts[flow] % self.unit:
                self.ends[flow.giver].remove(flow)
                self.ends[flow.taker].remove(flow)
