"""The factorial: 36 cells, matched pairs, names."""

import pytest

from margin.contagion.regimes import (
    NAMED,
    WHY,
    Custody,
    UnknownRegimeError,
    factorial,
    matched,
    regime_of,
)


def test_thirty_six_cells_of_which_thirty_can_be() -> None:
    cells = list(factorial())
    assert len(set(cells)) == 36
    assert sum(cell.is_feasible for cell in cells) == 30


def test_pairs_differ_in_custody_alone() -> None:
    pairs = list(matched())
    assert len(pairs) == 12
    for pooled, segregated in pairs:
        assert pooled.custody is Custody.OMNIBUS
        assert segregated.custody is Custody.SEGREGATED_MULTI_VENUE
        assert str(pooled).split("/")[1:] == str(segregated).split("/")[1:]


def test_every_name_says_why_it_is_there_and_every_cell_is_found_by_its_text() -> None:
    assert NAMED.keys() == WHY.keys()
    for cell in factorial():
        if cell.is_feasible:
            assert regime_of(str(cell)) == cell


@pytest.mark.parametrize("name", ["", "pooled", "omnibus/instant/per_venue", "omnibus/later/per_venue/queue_adl"])
def test_what_is_no_regime_is_told_with_what_there_is(name: str) -> None:
    with pytest.raises(UnknownRegimeError, match="pooled_instant"):
        regime_of(name)


def test_nothing_moves_under_a_static_lock() -> None:
    with pytest.raises(UnknownRegimeError, match="static lock"):
        regime_of("segregated_static/grace/across_venues/ring_fence")
