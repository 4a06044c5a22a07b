"""Nonces are given out in order, each once, and none is left out for good."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from settlement.engine.nonces import Nonces


def test_they_follow_each_other() -> None:
    nonces = Nonces(5)
    assert [nonces.take() for _ in range(3)] == [5, 6, 7]


def test_the_lowest_gap_is_filled_first() -> None:
    nonces = Nonces(5)
    for _ in range(5):
        nonces.take()
    nonces.give_back(7)
    nonces.give_back(5)
    assert [nonces.take() for _ in range(3)] == [5, 7, 10]


def test_the_last_one_given_back_is_no_gap_and_neither_are_those_before_it() -> None:
    nonces = Nonces(5)
    for _ in range(4):
        nonces.take()
    for nonce in (7, 6, 8):
        nonces.give_back(nonce)
    assert (nonces.following, nonces.gaps) == (6, [])


@pytest.mark.parametrize("nonce", [6, 8, 9])
def test_what_is_not_out_cannot_be_given_back(nonce: int) -> None:
    nonces = Nonces(5)
    for _ in range(3):
        nonces.take()
    nonces.give_back(6)
    with pytest.raises(ValueError, match=f"nonce {nonce} is not out"):
        nonces.give_back(nonce)


@pytest.mark.parametrize(
    ("latest", "pending", "following", "gaps"),
    [(0, 0, 8, [5]), (5, 8, 8, [5]), (6, 6, 8, []), (5, 11, 11, [5]), (12, 12, 12, [])],
    ids=["it forgot", "it agrees", "a stranger filled the gap", "a stranger waits", "a stranger was mined"],
)
def test_the_nodes_counts_are_taken_in(latest: int, pending: int, following: int, gaps: list[int]) -> None:
    nonces = Nonces(8, [5])
    nonces.synchronise(latest, pending)
    assert (nonces.following, nonces.gaps) == (following, gaps)


class Sending(RuleBasedStateMachine):
    """Any order of taking, and of giving back what is out."""

    @initialize(first=st.integers(0, 3))
    def start(self, first: int) -> None:
        self.nonces, self.first, self.out = Nonces(first), first, set[int]()

    @rule()
    def take(self) -> None:
        nonce = self.nonces.take()
        assert nonce not in self.out
        assert all(lower in self.out for lower in range(self.first, nonce)), "the lowest that is free"
        self.out.add(nonce)

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 100))
    def give_back(self, which: int) -> None:
        nonce = sorted(self.out)[which % len(self.out)]
        self.nonces.give_back(nonce)
        self.out.remove(nonce)

    @invariant()
    def gaps_are_what_is_free_below_what_is_out(self) -> None:
        highest = max(self.out, default=self.first - 1)
        assert self.nonces.following == highest + 1
        assert self.nonces.gaps == [one for one in range(self.first, highest) if one not in self.out]


TestSending = Sending.TestCase
