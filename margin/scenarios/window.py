"""The stretch of time a scenario covers, and the grid it is cut into."""

from dataclasses import dataclass

from margin.scenarios.table import Table, instant


@dataclass(frozen=True, slots=True)
class Window:
    """[start_s, end_s) in seconds UTC; instants of the grid are start_s plus whole steps."""

    start_s: int
    end_s: int
    step_s: int

    def on_grid(self, at_s: int) -> bool:
        """Return whether `at_s` is a whole number of steps from the start."""
        return (at_s - self.start_s) % self.step_s == 0

    def holds(self, at_s: int) -> bool:
        """Return whether `at_s` is inside the window."""
        return self.start_s <= at_s < self.end_s

    def require_grid(self, table: Table, key: str, at_s: int) -> None:
        """Raise unless the instant under `key` is on the grid."""
        if not self.on_grid(at_s):
            raise table.error(key, f"a time on the grid of {self.step_s} s from {instant(self.start_s)}")

    def require_inside(self, table: Table, key: str, at_s: int) -> None:
        """Raise unless the instant under `key` is on the grid and inside the window."""
        if not self.holds(at_s):
            raise table.error(key, f"a time from {instant(self.start_s)} up to {instant(self.end_s)}, end excluded")
        self.require_grid(table, key, at_s)
