"""The venues of a run, by name."""

from margin.contagion.assumptions import Assumptions


def default_names(a: Assumptions) -> tuple[str, ...]:
    """Those of the assumptions: venue_1 is the largest."""
    return tuple(f"venue_{number}" for number in range(1, int(a["venue.count"]) + 1))
