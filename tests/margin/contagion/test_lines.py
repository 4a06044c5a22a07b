"""Lines against a plain table of places: whoever a level has reached, whatever was put where before."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion import lines
from margin.contagion.lines import ALONE, NEVER_REACHED, NOWHERE, Lines, Placed

PAIRS = 4


def places(draw: np.random.Generator, count: int) -> Placed:
    line = draw.integers(NOWHERE, PAIRS + ALONE, count).astype(np.int32)
    own = np.where(draw.random(count) < 0.5, draw.integers(0, 50, count).astype(float), NEVER_REACHED)
    return Placed(line, draw.integers(0, 50, count).astype(float), own)


def reached(at: Placed, levels: np.ndarray) -> list[int]:
    """By looking at everybody."""
    found = []
    for unit, (line, key, own) in enumerate(zip(*at, strict=True)):
        twin = line + PAIRS + ALONE
        if line != NOWHERE and (key <= levels[line] or (line < PAIRS and own <= levels[twin])):
            found.append(unit)
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3_000))
def test_who_is_reached_is_whom_a_look_at_everybody_finds(seed: int, count: int) -> None:
    draw = np.random.default_rng(seed)
    at = places(draw, count)
    made = Lines(PAIRS, Placed(at.line.copy(), at.key.copy(), at.own.copy()))
    for _ in range(30):
        levels = draw.integers(-5, 60, 2 * PAIRS + ALONE).astype(float)
        assert np.unique(made.reached(levels)).tolist() == reached(at, levels)
        units = draw.permutation(count)[: draw.integers(0, count + 1)].astype(np.int32)
        fresh = places(draw, len(units))
        made.put(units, fresh)
        at.line[units], at.key[units], at.own[units] = fresh


def test_a_small_table_is_merged_into_the_lines_on_the_way() -> None:
    """The control: the property above goes through merges; its tables hold at most this."""
    assert 3_000 // lines.MERGED_AT + 1_024 < 3_000 * 30 / 2
