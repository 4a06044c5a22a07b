"""How far a long run is, and how long it will still take, on standard error."""

import sys
import time


class Progress:
    """Counts from nothing to `whole` of some unit, from the moment it is made."""

    def __init__(self, what: str, whole: int, unit: str) -> None:
        self._what, self._whole, self._unit = what, whole, unit
        self._started = time.monotonic()

    def elapsed_s(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._started

    def show(self, done: int, note: str = "") -> None:
        """Say that so much is done; the time left supposes that the rest goes as fast."""
        left_s = self.elapsed_s() * max(self._whole - done, 0) / done if done else 0
        left = f"{left_s / 60:,.0f} min left" if done else "just begun"
        sys.stderr.write(f"contracts: {self._what}: {done:,} of {self._whole:,} {self._unit}, {left}{note}\n")
        sys.stderr.flush()
