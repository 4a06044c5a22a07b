"""keccak256 in rows: kernel and library give the same bytes, and a kernel that cannot be trusted is not used."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from custody import keccak as ours
from custody.keccak import LONGEST, Rows, by_library, keccak_rows, kernel


@pytest.fixture
def fresh() -> Iterator[None]:
    """The kernel is looked for again, and once more afterwards."""
    kernel.cache_clear()
    yield
    kernel.cache_clear()


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel is asked however few the messages are."""
    monkeypatch.setattr(ours, "FEW", 0)


def rows_of(count: int, length: int, seed: int = 7) -> Rows:
    return np.random.default_rng(seed).integers(0, 256, (count, length), np.uint8)


def test_the_empty_message_has_the_published_hash() -> None:
    known = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert [row.tobytes().hex() for row in keccak_rows(rows_of(2, 0))] == [known, known]
    assert keccak_rows(rows_of(0, 40)).shape == (0, 32)


def test_few_messages_do_not_load_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "FEW", 64)
    monkeypatch.setattr(ours, "kernel", lambda: pytest.fail("the kernel was asked"))
    rows = rows_of(63, 80)
    assert np.array_equal(keccak_rows(rows), by_library(rows))


def test_the_kernel_is_what_answers_here() -> None:
    assert kernel() is not None


@pytest.mark.parametrize("length", range(LONGEST + 3))
def test_every_length_is_hashed_as_the_library_does(length: int) -> None:
    rows = rows_of(19, length)
    assert [row.tobytes() for row in keccak_rows(rows)] == [keccak(row.tobytes()) for row in rows]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 2047, 2048, 2049])
def test_every_row_is_hashed_however_many_there_are(count: int) -> None:
    rows = rows_of(count, 80)
    assert np.array_equal(keccak_rows(rows, tag=b"\x01"), by_library(rows, tag=b"\x01"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=72, max_size=72), min_size=1, max_size=20), st.binary(max_size=3))
def test_a_tag_stands_in_front_of_every_row(messages: list[bytes], tag: bytes) -> None:
    rows = np.frombuffer(b"".join(messages), np.uint8).reshape(-1, 72)
    assert [row.tobytes() for row in keccak_rows(rows, tag=tag)] == [keccak(tag + message) for message in messages]


def test_rows_that_do_not_lie_together_are_hashed_too() -> None:
    every_other = rows_of(40, 160)[::2, 10:90]
    assert np.array_equal(keccak_rows(every_other), by_library(every_other.copy()))


def test_columns_are_hashed_as_if_they_stood_side_by_side_and_into_a_larger_array() -> None:
    left, right, place = rows_of(2_050, 32), rows_of(2_050, 9, seed=8), np.zeros((2_050, 40), np.uint8)
    answer = keccak_rows(left, right, tag=b"\x00", into=place[:, :32])
    assert answer.base is place
    assert np.array_equal(answer, by_library(np.hstack([left, right]), tag=b"\x00"))
    assert not place[:, 32:].any()


def test_without_numba_the_library_answers(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "custody.keccak_kernel", None)
    assert kernel() is None
    rows = rows_of(3, 80)
    assert [row.tobytes() for row in keccak_rows(rows, tag=b"\x01")] == [
        keccak(b"\x01" + row.tobytes()) for row in rows
    ]


@pytest.mark.parametrize("wrong_at", [0, 72, LONGEST])
def test_a_kernel_that_is_wrong_at_one_length_is_not_used_at_all(
    fresh: None, monkeypatch: pytest.MonkeyPatch, wrong_at: int
) -> None:
    from custody import keccak_kernel

    sound = keccak_kernel.absorb

    def broken(blocks: "np.ndarray[tuple[int, int], np.dtype[np.uint64]]", digests: Rows) -> None:
        sound(blocks, digests)
        # What was padded behind `wrong_at` bytes gets one bit of the last answer wrong.
        ends = blocks.view(np.uint8)[0]
        if ends[wrong_at] in {0x01, 0x81} and not ends[wrong_at + 1 : -1].any():
            digests[-1, 0] ^= np.uint64(1)

    monkeypatch.setattr(keccak_kernel, "absorb", broken)
    assert kernel() is None
    rows = rows_of(9, wrong_at)
    assert np.array_equal(ours.keccak_rows(rows), by_library(rows))
