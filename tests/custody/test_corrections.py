"""A correction takes back exactly what was moved, names what it corrects, and happens once."""

from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from custody.accounts import Account, Code, Limit, Totals
from custody.corrections import CorrectionError, reversing
from custody.journal import GENESIS, Recorded
from custody.ledger import LedgerState, apply
from custody.transfers import Kind, Reason, Refusal, Transfer

ACCOUNTS = {
    "V": Account("V", "USDC", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS),
    "A": Account("A", "USDC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
    "D": Account("D", "USDC", Code.DELEGATED, Limit.DEBITS_WITHIN_CREDITS),
    "S": Account("S", "USDC", Code.SUSPENSE, Limit.NONE),
}
DEPOSIT = Transfer("deposit", "V", "A", 100, Reason.DEPOSIT, reference="wire", occurred_at_s=5)
HOLD = Transfer("hold", "A", "D", 30, Reason.DELEGATION, Kind.PENDING)
TAKE = Transfer("take", "", "", 20, Reason.DELEGATION, Kind.POST, "hold")
RELEASE = Transfer("release", "", "", 0, Reason.DELEGATION, Kind.VOID, "hold")


def opened(*transfers: Transfer) -> LedgerState:
    """Books in which these transfers have been accepted."""
    state = LedgerState(dict(ACCOUNTS), {account_id: Totals() for account_id in ACCOUNTS})
    assert all(outcome.ok for outcome in apply(state, transfers, now_s=10))
    return state


def kept(state: LedgerState, transfer_id: str) -> Recorded:
    position = list(state.transfers).index(transfer_id) + 1
    return Recorded(position, state.transfers[transfer_id], 10, GENESIS)


def balances(state: LedgerState) -> dict[str, int]:
    return {account_id: totals.balance for account_id, totals in state.totals.items()}


def test_a_correction_exchanges_the_sides_and_names_what_it_corrects() -> None:
    correction = reversing(kept(opened(DEPOSIT), "deposit"), 77)
    assert correction == Transfer(
        "deposit:reversed", "A", "V", 100, Reason.CORRECTION, reference="deposit", occurred_at_s=77
    )
    assert reversing(kept(opened(DEPOSIT), "deposit"), 77, "mine").id == "mine"


def test_a_partial_post_is_reversed_by_the_part_that_it_moved() -> None:
    state = opened(DEPOSIT, HOLD, TAKE)
    correction = reversing(kept(state, "take"), 11)
    assert (correction.debit_account, correction.credit_account, correction.amount) == ("D", "A", 20)
    assert correction.kind is Kind.POSTED
    assert correction.pending_id == ""


@pytest.mark.parametrize(
    ("history", "transfer_id", "words"),
    [
        ((DEPOSIT, HOLD), "hold", "hold at position 2 moved nothing: void it instead"),
        ((DEPOSIT, HOLD, TAKE), "hold", "moved nothing: void it instead"),
        ((DEPOSIT, HOLD, RELEASE), "release", "release at position 3 moved nothing: it only released"),
    ],
)
def test_what_has_moved_nothing_cannot_be_reversed(history: tuple[Transfer, ...], transfer_id: str, words: str) -> None:
    with pytest.raises(CorrectionError, match=words):
        reversing(kept(opened(*history), transfer_id), 11)


def test_the_same_correction_happens_once_however_long_the_id() -> None:
    longest = replace(DEPOSIT, id="d" * 64)
    state = opened(longest)
    correction = reversing(kept(state, longest.id), 11)
    first, again = apply(state, [correction, correction], 11)
    assert (first.ok, first.repeated, again.repeated) == (True, False, True)
    assert balances(state) == dict.fromkeys(ACCOUNTS, 0)
    (later,) = apply(state, [reversing(kept(state, longest.id), 12)], 12)
    assert later.refusal is Refusal.EXISTS_WITH_DIFFERENT_OCCURRED_AT


def test_what_has_been_spent_meanwhile_is_not_taken_back() -> None:
    state = opened(DEPOSIT, replace(HOLD, kind=Kind.POSTED))
    assert apply(state, [reversing(kept(state, "deposit"), 11)], 11)[0].refusal is Refusal.EXCEEDS_AVAILABLE


def test_a_correction_is_itself_corrected_by_another() -> None:
    state = opened(DEPOSIT)
    for name in ("deposit", "deposit:reversed"):
        assert apply(state, [reversing(kept(state, name), 11)], 11)[0].ok
    assert balances(state) == balances(opened(DEPOSIT))


@given(
    way=st.sampled_from([("V", "A"), ("A", "D"), ("D", "A"), ("A", "V"), ("S", "D"), ("A", "S")]),
    amount=st.integers(1, 500),
    part=st.integers(0, 500),
)
def test_a_transfer_and_its_correction_leave_every_balance_as_it_was(
    way: tuple[str, str], amount: int, part: int
) -> None:
    state = opened(replace(DEPOSIT, amount=1000), replace(HOLD, amount=500, kind=Kind.POSTED, id="stock"))
    before = balances(state)
    moved = Transfer("moved", *way, amount, Reason.RECALL, Kind.PENDING if part else Kind.POSTED)
    end = Transfer("end", "", "", min(part, amount), Reason.RECALL, Kind.POST, "moved")
    assert all(outcome.ok for outcome in apply(state, [moved, end] if part else [moved], 10))
    assert balances(state) != before
    event("posted in two phases" if part else "posted at once")
    correction = reversing(kept(state, "end" if part else "moved"), 11)
    assert apply(state, [correction], 11)[0].ok
    assert balances(state) == before
    assert all(totals.debits_pending == totals.credits_pending == 0 for totals in state.totals.values())
