"""Randomness by name: a draw depends on seed, purpose, step and participant, and on nothing that was drawn before.

So the same event draws the same number in every regime and with every channel off (common random numbers), on one
process or many. The mixer is SplitMix64's finaliser (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
generators", figure 15), chained once for every part of the name.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1


def uniforms(seed: int, purpose: str, participants: Whole, step: int = 0) -> Floats:
    """Numbers in (0, 1), one a participant, of 53 bits; never 0 or 1, so that logarithms and quantiles exist."""
    bits = _bits(seed, purpose, participants, step) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) * 2.0**-53


def normals(seed: int, purpose: str, participants: Whole, step: int = 0) -> Floats:
    """Standard normal numbers, one a participant (Box and Muller 1958, the cosine's)."""
    radius = np.sqrt(-2.0 * np.log(uniforms(seed, purpose + "/radius", participants, step)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniforms(seed, purpose + "/angle", participants, step)))


def _bits(seed: int, purpose: str, participants: Whole, step: int) -> NDArray[np.uint64]:
    name = np.array([seed & _MASK], np.uint64)
    for part in (_number(purpose), step & _MASK):
        name = _mixed(name ^ np.uint64(part))
    with np.errstate(over="ignore"):
        return _mixed(name + _GOLDEN * (participants.astype(np.uint64) + np.uint64(1)))


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        value = value + _GOLDEN
        value = (value ^ (value >> np.uint64(30))) * _FIRST
        value = (value ^ (value >> np.uint64(27))) * _SECOND
        return value ^ (value >> np.uint64(31))


def _number(purpose: str) -> int:
    """A purpose as a number: FNV-1a of its text, 64 bits."""
    found = 0xCBF29CE484222325
    for byte in purpose.encode():
        found = ((found ^ byte) * 0x100000001B3) & _MASK
    return found
