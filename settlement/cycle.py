"""One venue's cycle as the desk carries it from state to state, by the table of `cycle_table`."""

from dataclasses import dataclass, replace

from settlement.cycle_states import State
from settlement.cycle_table import NEXT
from settlement.netting import PaymentPlan

__all__ = ["NEXT", "Cycle", "CycleError", "Difference", "State", "compare"]


class CycleError(Exception):
    """A step that the table does not list."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One venue's cycle: dues at the cut-off's marks (1e-6 USD per party), and the plan that pays them."""

    venue: str
    sequence: int
    cut_off_s: int
    dues: dict[str, int]
    plan: PaymentPlan
    state: State = State.COMPUTED

    def to(self, *states: State) -> "Cycle":
        """The cycle after these steps in turn. Raises CycleError for a step that is not listed."""
        here = self.state
        for state in states:
            if state not in NEXT[here]:
                raise CycleError(f"{self.venue} cycle {self.sequence} cannot go from {here.value} to {state.value}")
            here = state
        return replace(self, state=here)


@dataclass(frozen=True, slots=True)
class Difference:
    """One party whose due the two sides compute differently (1e-6 USD)."""

    party: str
    venue_says_units: int
    custodian_says_units: int


def compare(venue_says: dict[str, int], custodian_says: dict[str, int]) -> tuple[Difference, ...]:
    """What the custodian would dispute: every party whose due differs, by name. Empty means it can sign."""
    parties = sorted(venue_says.keys() | custodian_says.keys())
    pairs = ((party, venue_says.get(party, 0), custodian_says.get(party, 0)) for party in parties)
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])
