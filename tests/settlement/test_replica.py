"""What follows from batches alone, in round figures: profit, funding, an option's end, a correction, a settlement."""

import pytest

from settlement.batch import GENESIS, Change, Mark, MirrorBatch
from settlement.replica import Replica, ReplicaError

LONG, SHORT, FUND = (f"0x{number:040x}" for number in (1, 2, 3))
PERP, OPTION, ELSEWHERE = 4, 5, 9
USD = 10**6
Changes = dict[tuple[int, str], Change]


def replica() -> Replica:
    """Lots of a thousandth of a coin."""
    return Replica(dict.fromkeys((PERP, OPTION, ELSEWHERE), 10**15))


def told(replica: Replica, marks: dict[int, Mark], changes: Changes) -> None:
    replica.apply(MirrorBatch.of(replica.sequence + 1, replica.digest, 0, marks, changes))


def bought(instrument: int, lots: int, dollars: int) -> Changes:
    cash = dollars * USD
    return {(instrument, LONG): Change(lots, -cash), (instrument, SHORT): Change(-lots, cash)}


def test_profit_is_cash_and_lots_at_the_mark() -> None:
    book = replica()
    told(book, {PERP: Mark(90_000 * USD)}, bought(PERP, 2_000, 180_000))
    assert book.dues([PERP]) == {LONG: 0, SHORT: 0}
    told(book, {PERP: Mark(95_000 * USD)}, {})
    assert book.dues([PERP]) == {LONG: 10_000 * USD, SHORT: -10_000 * USD}
    assert book.dues([ELSEWHERE]) == {}


def test_funding_is_paid_by_who_held_the_lots_when_the_index_moved() -> None:
    book = replica()
    told(book, {PERP: Mark(90_000 * USD, 700)}, bought(PERP, 2_000, 180_000))
    assert book.dues([PERP]) == {LONG: 0, SHORT: 0}, "the index before a position does not concern it"
    told(book, {PERP: Mark(90_000 * USD, 1_000)}, bought(PERP, 1_000, 90_000))
    assert book.dues([PERP]) == {LONG: -2_000 * 300, SHORT: 2_000 * 300}, "nor does the batch that brings it"
    told(book, {PERP: Mark(90_000 * USD, 900)}, {})
    assert book.dues([PERP])[LONG] == -2_000 * 300 + 3_000 * 100


def test_an_expired_option_is_its_cash_alone() -> None:
    book = replica()
    told(book, {OPTION: Mark(1_500 * USD)}, bought(OPTION, 1_000, 1_500))
    told(book, {OPTION: Mark(0)}, bought(OPTION, -1_000, -2_200))  # exercised at an intrinsic worth of 2,200
    assert set(book.positions.values()) == {0}
    assert book.dues([OPTION]) == {LONG: 700 * USD, SHORT: -700 * USD}


def test_a_penalty_and_a_correction_are_cash_without_lots() -> None:
    book = replica()
    told(book, {PERP: Mark(USD)}, {(PERP, LONG): Change(0, -7), (PERP, FUND): Change(0, 7)})
    assert book.dues([PERP]) == {LONG: -7, FUND: 7}
    assert set(book.positions.values()) <= {0}


def test_a_settlement_starts_again_from_its_marks_and_only_in_its_instruments() -> None:
    book = replica()
    told(book, {PERP: Mark(90_000 * USD), ELSEWHERE: Mark(50 * USD)}, bought(PERP, 1_000, 89_000))
    told(book, {ELSEWHERE: Mark(50 * USD)}, bought(ELSEWHERE, 1_000, 49))
    book.settle([PERP])
    assert book.dues([PERP]) == {LONG: 0, SHORT: 0}
    assert book.dues([ELSEWHERE])[LONG] == USD
    told(book, {PERP: Mark(91_000 * USD)}, {})
    assert book.dues([PERP])[LONG] == 1_000 * USD


def test_a_batch_that_is_not_the_next_changes_nothing() -> None:
    book = replica()
    for sequence, previous in ((2, GENESIS), (1, b"\1" * 32)):
        with pytest.raises(ReplicaError, match=f"batch {sequence} does not follow on 0"):
            book.apply(MirrorBatch.of(sequence, previous, 0, {PERP: Mark(1)}, {}))
    assert (book.sequence, book.marks) == (0, {})


def test_a_worth_that_is_no_whole_number_of_units_is_told() -> None:
    book = replica()
    told(book, {PERP: Mark(1)}, bought(PERP, 1, 0))
    with pytest.raises(ReplicaError, match="1 lots of 4 at 1e-6 USD are not exact"):
        book.dues([PERP])
