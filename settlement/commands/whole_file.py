"""A file written as a whole, under another name first: what was there before is never lost half-way."""

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
        return error.strerror or type(error).__name__
    return ""
