"""Recorded entries in the packed form, for millions of them; `recorded_lines` has the one for people.

The line `BULKHEAD-REPORTS 1`, one JSON line {"venue": …, "instruments": {number: Derive's name}}, and then entries of
48 bytes each, little endian, as they travel (`settlement.reports.ENTRY`).
"""

import json
from dataclasses import dataclass

import numpy as np

from custody.strict_json import parse_json
from settlement.reports import ENTRY, Cause, EntryKind
from settlement.venues.entry import require_whole
from settlement.venues.registry import Registry

MAGIC = b"BULKHEAD-REPORTS 1\n"


class RecordingError(ValueError):
    """A packed file that is none of ours, of another venue, or cut off."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no entry: its number from 1, and why."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class Recording:
    """Entries in their order, as they travel, and every line that is none."""

    body: bytes
    bad_lines: tuple[BadLine, ...] = ()


def packed(body: bytes, registry: Registry) -> bytes:
    """The packed form of entries."""
    names = {str(number): one.symbol for number, one in sorted(registry.by_number.items())}
    return MAGIC + json.dumps({"venue": registry.venue, "instruments": names}).encode() + b"\n" + body


def read_packed(file: bytes, registry: Registry) -> Recording:
    """The entries of a packed file, with the numbers that this registry has for its names. Raises RecordingError."""
    if not file.startswith(MAGIC):
        raise RecordingError(f"this is no recording: it does not begin with {MAGIC.decode().strip()}")
    head, _, body = file[len(MAGIC) :].partition(b"\n")
    try:
        told = parse_json(head.decode())
        numbers = {int(number): registry.named(name).id for number, name in told["instruments"].items()}
        if told["venue"] != registry.venue:
            raise RecordingError(f"this is a recording of {told['venue']}, not of {registry.venue}")
        require_whole(body)
    except RecordingError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        raise RecordingError(f"this recording cannot be read: {why}") from why
    entries = np.frombuffer(body, ENTRY).copy()
    if not (np.isin(entries["kind"], list(EntryKind)).all() and np.isin(entries["cause"], list(Cause)).all()):
        raise RecordingError("this recording has entries of a kind or cause that there is not")
    recorded, places = np.unique(entries["instrument"], return_inverse=True)
    if unknown := set(recorded.tolist()) - numbers.keys():
        raise RecordingError(f"this recording names no instrument {min(unknown)}")
    entries["instrument"] = np.array([numbers[number] for number in recorded.tolist()], np.uint32)[places]
    return Recording(entries.tobytes())
