"""The lines that `bulkhead mirror` says, each at once, and the clock that it goes by."""

import sys
import time

from settlement.commands.printing import print_line
from settlement.cycle_record import CycleRecord
from settlement.engine.stored import Outgoing


def say(line: str) -> None:
    """One line, for whoever reads along."""
    print_line(line)
    sys.stdout.flush()


def say_batch(out: Outgoing) -> None:
    """A batch that is confirmed."""
    told = ", ".join(f"{venue} up to entry {number}" for venue, number in out.covers.items())
    say(f"batch {out.batch.sequence} mirrored: {out.positions} positions, {told}")


def say_cycle(cycle: CycleRecord) -> None:
    """A cycle that has come to a state."""
    say(f"cycle {cycle.id} {cycle.state}" + (f" ({cycle.reason})" if cycle.reason else ""))


def now_ms() -> int:
    """UTC milliseconds."""
    return int(time.time() * 1000)
