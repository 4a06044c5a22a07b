"""Keccak-f on eight messages at a time: each word of the state is a row of eight, one per message, so that the round
below, written for one message, becomes vector instructions over all of them. A message is one padded block.

The permutation is that of FIPS 202 §3; only the padding, which is the caller's, tells keccak256 from SHA3-256.
"""

from typing import TypeAlias

import numpy as np
from numba import njit, uint64, void
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]
Row: TypeAlias = tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]

LANES = 8
"""Messages at a time: eight 64-bit words fill the widest vectors there are; narrower ones take two or four steps."""
_BLOCK_WORDS, _STATE_WORDS, _DIGEST_WORDS = 17, 25, 4

_ROUND_KEYS = np.array(
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
        0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
        0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
        0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ],
    dtype=np.uint64,
)  # fmt: skip


@njit(inline="always")
def _rol(word: np.uint64, places: int) -> np.uint64:
    return (word << np.uint64(places)) | (word >> np.uint64(64 - places))


@njit(inline="always")
def _row(s: Words, at: int) -> Row:
    return s[at], s[at + LANES], s[at + 2 * LANES], s[at + 3 * LANES], s[at + 4 * LANES]


@njit(inline="always")
def _put_row(s: Words, at: int, row: Row) -> None:
    """χ of one row."""
    b0, b1, b2, b3, b4 = row
    s[at] = b0 ^ (~b1 & b2)
    s[at + LANES] = b1 ^ (~b2 & b3)
    s[at + 2 * LANES] = b2 ^ (~b3 & b4)
    s[at + 3 * LANES] = b3 ^ (~b4 & b0)
    s[at + 4 * LANES] = b4 ^ (~b0 & b1)


@njit(inline="always")
def _permute(s: Words) -> None:
    for key in _ROUND_KEYS:
        for m in range(LANES):
            a0, a1, a2, a3, a4 = _row(s, 0 * LANES + m)
            a5, a6, a7, a8, a9 = _row(s, 5 * LANES + m)
            a10, a11, a12, a13, a14 = _row(s, 10 * LANES + m)
            a15, a16, a17, a18, a19 = _row(s, 15 * LANES + m)
            a20, a21, a22, a23, a24 = _row(s, 20 * LANES + m)
            # θ
            c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
            c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
            c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
            c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
            c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
            d0, d1, d2, d3, d4 = (
                c4 ^ _rol(c1, 1),
                c0 ^ _rol(c2, 1),
                c1 ^ _rol(c3, 1),
                c2 ^ _rol(c4, 1),
                c3 ^ _rol(c0, 1),
            )
            # ρ and π on the way in, χ inside
            _put_row(
                s,
                0 * LANES + m,
                (a0 ^ d0, _rol(a6 ^ d1, 44), _rol(a12 ^ d2, 43), _rol(a18 ^ d3, 21), _rol(a24 ^ d4, 14)),
            )
            _put_row(
                s,
                5 * LANES + m,
                (_rol(a3 ^ d3, 28), _rol(a9 ^ d4, 20), _rol(a10 ^ d0, 3), _rol(a16 ^ d1, 45), _rol(a22 ^ d2, 61)),
            )
            _put_row(
                s,
                10 * LANES + m,
                (_rol(a1 ^ d1, 1), _rol(a7 ^ d2, 6), _rol(a13 ^ d3, 25), _rol(a19 ^ d4, 8), _rol(a20 ^ d0, 18)),
            )
            _put_row(
                s,
                15 * LANES + m,
                (_rol(a4 ^ d4, 27), _rol(a5 ^ d0, 36), _rol(a11 ^ d1, 10), _rol(a17 ^ d2, 15), _rol(a23 ^ d3, 56)),
            )
            _put_row(
                s,
                20 * LANES + m,
                (_rol(a2 ^ d2, 62), _rol(a8 ^ d3, 55), _rol(a14 ^ d4, 39), _rol(a15 ^ d0, 41), _rol(a21 ^ d1, 2)),
            )
            # ι
            s[m] ^= key


@njit(void(uint64[:, ::1], uint64[:, :]), cache=True, nogil=True)
def absorb(blocks: Words, digests: Words) -> None:
    """Hash each block of 17 little-endian words, padded already, into the four words of its digest."""
    s = np.empty(_STATE_WORDS * LANES, np.uint64)
    for first in range(0, len(blocks), LANES):
        filled = min(LANES, len(blocks) - first)
        s[:] = 0
        for m in range(filled):
            for word in range(_BLOCK_WORDS):
                s[word * LANES + m] = blocks[first + m, word]
        _permute(s)
        for m in range(filled):
            for word in range(_DIGEST_WORDS):
                digests[first + m, word] = s[word * LANES + m]
