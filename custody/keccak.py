"""keccak256 of many short messages at once: by our kernel where it can be trusted, by the library where it cannot.

The kernel is taken once a process, and only if it answers as the library does on every length that it serves. Without
Numba, or where an answer differs, every message goes through the library, one by one: slower, and the same bytes.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
from eth_utils.crypto import keccak
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.uint8]
"""Bytes, a message or a hash a row."""
Absorb: TypeAlias = Callable[[NDArray[np.uint64], NDArray[np.uint64]], None]

HASH_BYTES = 32
LONGEST = 135
"""The longest message that fits one block of keccak256 (136 bytes) with its padding; longer ones go to the library."""
_BLOCK_BYTES = 136
FEW = 64
"""Messages from which the kernel is asked: for fewer it is not worth its loading, half a second and 100 MB."""
_AT_ONCE = 2_048  # messages whose blocks are laid out together: they stay in the second-level cache
_TRIED = 17  # messages of each length in the self-test: two full sets of lanes and one over


def keccak_rows(*columns: Rows, tag: bytes = b"", into: Rows | None = None) -> Rows:
    """keccak256(tag ‖ row) of every row, where a row is that of all columns side by side: uint8[n, 32].

    `into` is where the hashes are to stand, if they are to stand in something larger.
    """
    digests = np.empty((len(columns[0]), HASH_BYTES), np.uint8) if into is None else into
    length = len(tag) + sum(column.shape[1] for column in columns)
    absorb = kernel() if length <= LONGEST and len(digests) >= FEW else None
    if absorb is None:
        digests[:] = by_library(*columns, tag=tag)
    else:
        _by_kernel(absorb, columns, tag, digests)
    return digests


def by_library(*columns: Rows, tag: bytes = b"") -> Rows:
    """The plain twin: the library, message by message."""
    rows = np.hstack(columns)
    return np.frombuffer(b"".join(keccak(tag + row.tobytes()) for row in rows), np.uint8).reshape(-1, HASH_BYTES)


@cache
def kernel() -> Absorb | None:
    """Our kernel, tried on every length that it serves; None where there is no Numba, or one answer is wrong."""
    try:
        from custody.keccak_kernel import absorb
    except (ImportError, RuntimeError):  # no Numba, or nowhere to keep what it compiles
        return None
    return absorb if _agrees(absorb) else None


def _agrees(absorb: Absorb) -> bool:
    digests = np.empty((_TRIED, HASH_BYTES), np.uint8)
    for length in range(LONGEST + 1):
        rows = (np.arange(_TRIED * length, dtype=np.uint32) * 2_654_435_761 >> 24).astype(np.uint8)
        tried = rows.reshape(_TRIED, length)
        _by_kernel(absorb, (tried,), b"", digests)
        if not np.array_equal(digests, by_library(tried)):
            return False
    return True


def _by_kernel(absorb: Absorb, columns: Sequence[Rows], tag: bytes, digests: Rows) -> None:
    blocks = np.zeros((min(len(digests), _AT_ONCE), _BLOCK_BYTES), np.uint8)
    blocks[:, : len(tag)] = np.frombuffer(tag, np.uint8)
    end = len(tag) + sum(column.shape[1] for column in columns)
    blocks[:, end] = 0x01  # keccak's padding; SHA3-256 would put 0x06 here
    blocks[:, -1] |= 0x80
    for first in range(0, len(digests), _AT_ONCE):
        answers = digests[first : first + _AT_ONCE]
        laid_out, at = blocks[: len(answers)], len(tag)
        for column in columns:
            laid_out[:, at : at + column.shape[1]] = column[first : first + _AT_ONCE]
            at += column.shape[1]
        absorb(laid_out.view("<u8"), answers.view("<u8"))
