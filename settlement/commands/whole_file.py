"""A file written as a whole or not at all: what was there before is never lost half-way, nor written over unasked."""

import os
from pathlib import Path


def fault_in_writing(out: Path, text: str) -> str:
    """Write a text and a line's end, in the place of what is there; the reason where that fails, else ""."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        try:
            with unfinished.open("x", encoding="utf-8") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        return _why(error)
    return ""


def fault_in_making(out: Path, text: str) -> str:
    """Write a text and a line's end to a file that is not there yet; the reason where that fails, else ""."""
    try:
        file = out.open("x", encoding="utf-8")
    except OSError as error:
        return _why(error)
    try:
        with file:
            file.write(f"{text}\n")
    except OSError as error:
        out.unlink(missing_ok=True)
        return _why(error)
    return ""


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
