"""Refusals in their order of precedence, chains all or none, and two phases that only ever move what was reserved."""

from copy import deepcopy
from dataclasses import replace

import pytest

from custody.accounts import Account, Code, Limit, Totals
from custody.ledger import LedgerState, apply, expire
from custody.money import MAX_UNITS
from custody.transfers import Kind, Outcome, Reason, Refusal, Transfer, derived_id, linked

NOW_S = 60
POSTED, PENDING, POST, VOID = Kind

ACCOUNTS = {
    "V": Account("V", "USDC", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS),
    "A": Account("A", "USDC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
    "D": Account("D", "USDC", Code.DELEGATED, Limit.DEBITS_WITHIN_CREDITS),
    "S": Account("S", "USDC", Code.SUSPENSE, Limit.NONE),
    "B": Account("B", "BTC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
    "C": Account("C", "USDC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
    "K": Account("K", "USDC", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS),
}
CLOSED = {"C", "K"}
SETTING = (
    Transfer("deposit", "V", "A", 100, Reason.DEPOSIT, reference="wire", occurred_at_s=5),
    Transfer("open", "A", "D", 10, Reason.DELEGATION, PENDING),
    Transfer("late", "A", "D", 10, Reason.DELEGATION, PENDING, occurred_at_s=5, expires_at_s=60),
    Transfer("done", "A", "D", 10, Reason.DELEGATION, PENDING),
    Transfer("done.post", "", "", 4, Reason.DELEGATION, POST, "done"),
    Transfer("gone", "A", "D", 10, Reason.DELEGATION, PENDING),
    Transfer("gone.void", "", "", 0, Reason.DELEGATION, VOID, "gone"),
)
WORDS = {
    "-": "",
    "NUL": "wire\0",
    "HALF": "\ud800",
    "LONG": "x" * 65,
    "MAX": str(MAX_UNITS),
    "OVER": str(MAX_UNITS + 1),
}

# Every row also breaks as many of the rules below its own as one transfer can, so the order itself is under test.
REFUSALS = """
id        dr cr amount reason  kind    pending linked ref   at until refusal
a*b       A  A  -1     RECALL  POST    -       yes    -     9  9     linked_chain_open
a*b       A  A  -1     RECALL  POST    -       no     -     9  9     id_is_malformed
LONG      V  A  1      DEPOSIT POSTED  -       no     -     5  0     id_is_malformed
deposit   A  A  -1     RECALL  PENDING open    no     other 6  6     exists_with_different_kind
done.post V  V  9      RECALL  POST    open    no     other 6  6     exists_with_different_pending_id
deposit   A  V  -1     RECALL  POSTED  open    no     other 6  6     exists_with_different_pending_id
deposit   A  V  -1     RECALL  POSTED  -       no     other 6  6     exists_with_different_debit_account
done.post V  V  9      RECALL  POST    done    no     other 6  6     exists_with_different_debit_account
deposit   V  D  -1     RECALL  POSTED  -       no     other 6  6     exists_with_different_credit_account
done.post -  V  9      RECALL  POST    done    no     other 6  6     exists_with_different_credit_account
deposit   V  A  -1     RECALL  POSTED  -       no     other 6  6     exists_with_different_amount
done.post -  -  0      RECALL  POST    done    no     other 6  6     exists_with_different_amount
gone.void -  -  9      RECALL  VOID    gone    no     other 6  6     exists_with_different_amount
deposit   V  A  100    RECALL  POSTED  -       no     other 6  6     exists_with_different_reason
deposit   V  A  100    DEPOSIT POSTED  -       no     other 6  6     exists_with_different_reference
deposit   V  A  100    DEPOSIT POSTED  -       no     wire  6  6     exists_with_different_occurred_at
deposit   V  A  100    DEPOSIT POSTED  -       no     wire  5  6     exists_with_different_expires_at
n         C  C  0      DEPOSIT POSTED  -       no     NUL   9  9     reference_is_malformed
n         X  X  OVER   DEPOSIT POST    -       no     HALF  9  9     reference_is_malformed
n         C  C  0      DEPOSIT POSTED  -       no     -     9  9     amount_must_be_positive
n         X  X  0      DEPOSIT POSTED  open    no     -     9  9     amount_must_be_positive
n         X  X  -1     DEPOSIT VOID    -       no     -     9  9     amount_must_be_positive
n         X  X  OVER   DEPOSIT POST    -       no     -     9  9     amount_exceeds_int64
n         X  X  0      DEPOSIT POST    -       no     -     9  9     pending_id_is_required
n         X  X  0      DEPOSIT VOID    -       no     -     9  9     pending_id_is_required
n         X  X  1      DEPOSIT PENDING open    no     -     9  9     pending_id_is_not_allowed
n         X  X  1      DEPOSIT PENDING -       no     -     9  9     accounts_must_be_different
n         X  Y  1      DEPOSIT POSTED  -       no     -     9  10    expiry_is_not_allowed
n         X  Y  1      DEPOSIT POST    unknown no     -     9  10    expiry_is_not_allowed
n         X  Y  1      DEPOSIT PENDING -       no     -     9  9     expiry_must_be_after_occurrence
n         X  Y  1      DEPOSIT PENDING -       no     -     0  -1    expiry_must_be_after_occurrence
n         X  Y  1      DEPOSIT PENDING -       no     -     9  10    debit_account_not_found
n         X  K  1      DEPOSIT PENDING -       no     -     9  10    debit_account_not_found
n         A  Y  1      DEPOSIT PENDING -       no     -     9  10    credit_account_not_found
n         C  Y  1      DEPOSIT PENDING -       no     -     9  10    credit_account_not_found
n         A  B  MAX    DEPOSIT PENDING -       no     -     9  10    accounts_must_hold_the_same_asset
n         C  B  MAX    DEPOSIT PENDING -       no     -     9  10    accounts_must_hold_the_same_asset
n         C  K  MAX    DEPOSIT PENDING -       no     -     9  10    debit_account_is_closed
n         C  A  1      DEPOSIT POSTED  -       no     -     9  0     debit_account_is_closed
n         D  K  MAX    DEPOSIT PENDING -       no     -     9  10    credit_account_is_closed
n         S  C  1      DEPOSIT POSTED  -       no     -     9  0     credit_account_is_closed
n         X  Y  MAX    DEPOSIT POST    unknown no     -     9  0     pending_transfer_not_found
n         C  K  MAX    DEPOSIT POST    unknown no     -     9  0     pending_transfer_not_found
n         X  Y  MAX    DEPOSIT POST    deposit no     -     9  0     pending_transfer_is_not_pending
n         X  Y  MAX    DEPOSIT POST    gone    no     -     9  0     pending_has_different_debit_account
n         A  Y  MAX    DEPOSIT POST    gone    no     -     9  0     pending_has_different_credit_account
n         A  D  11     DEPOSIT POST    gone    no     -     9  0     exceeds_pending_amount
n         -  -  11     DEPOSIT VOID    gone    no     -     9  0     exceeds_pending_amount
n         A  D  9      DEPOSIT VOID    gone    no     -     9  0     pending_has_different_amount
n         A  D  10     DEPOSIT POST    done    no     -     9  0     already_posted
n         -  -  0      DEPOSIT VOID    done    no     -     9  0     already_posted
n         A  D  10     DEPOSIT POST    gone    no     -     9  0     already_voided
n         -  -  0      DEPOSIT POST    late    no     -     9  0     pending_transfer_expired
n         D  A  MAX    DEPOSIT POSTED  -       no     -     9  0     total_exceeds_int64
n         A  V  MAX    DEPOSIT POSTED  -       no     -     9  0     total_exceeds_int64
n         A  V  101    DEPOSIT POSTED  -       no     -     9  0     exceeds_available
n         A  V  77     DEPOSIT PENDING -       no     -     9  0     exceeds_available
n         S  V  101    DEPOSIT POSTED  -       no     -     9  0     exceeds_owed
n         S  V  101    DEPOSIT PENDING -       no     -     9  0     exceeds_owed
"""


def setting() -> LedgerState:
    """The state that the table speaks of: A has 100, of which 4 are posted away and 20 are reserved."""
    state = LedgerState(dict(ACCOUNTS), {account_id: Totals() for account_id in ACCOUNTS})
    assert all(outcome.ok for outcome in apply(state, SETTING, now_s=10))
    state.closed |= CLOSED
    return state


def transfer_of(row: str) -> tuple[Transfer, Refusal]:
    cells = [WORDS.get(cell, cell) for cell in row.split()]
    name, debit, credit, amount, reason, kind, pending, is_linked, reference, occurred, expires, refusal = cells
    transfer = Transfer(
        name,
        debit,
        credit,
        int(amount),
        Reason[reason],
        Kind[kind],
        pending,
        is_linked == "yes",
        reference,
        int(occurred),
        int(expires),
    )
    return transfer, Refusal(refusal)


ROWS = REFUSALS.strip().splitlines()[1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.split()[-1:] + row.split()[:1])[:60])
def test_the_first_rule_broken_is_the_refusal_and_nothing_moves(row: str) -> None:
    state = setting()
    before = deepcopy(state)
    transfer, refusal = transfer_of(row)
    assert apply(state, [transfer], NOW_S) == [Outcome(transfer.id, refusal)]
    assert state == before


def test_the_table_has_every_refusal_in_order() -> None:
    order = list(Refusal)
    listed = [order.index(transfer_of(row)[1]) for row in ROWS]
    assert listed == sorted(listed)
    assert {order[index] for index in listed} == set(Refusal) - {Refusal.LINKED_EVENT_FAILED}


def test_a_retry_may_succeed_only_where_the_books_can_still_change_the_answer() -> None:
    assert {refusal for refusal in Refusal if refusal.retry_may_succeed} == {
        Refusal.DEBIT_ACCOUNT_NOT_FOUND,
        Refusal.CREDIT_ACCOUNT_NOT_FOUND,
        Refusal.PENDING_TRANSFER_NOT_FOUND,
        Refusal.TOTAL_EXCEEDS_INT64,
        Refusal.EXCEEDS_AVAILABLE,
        Refusal.EXCEEDS_OWED,
    }


def test_what_was_posted_before_an_account_was_closed_is_still_there_when_repeated() -> None:
    state = setting()
    state.closed |= set(ACCOUNTS)
    before = deepcopy(state)
    assert all(outcome.repeated for outcome in apply(state, SETTING, NOW_S))
    assert apply(state, [replace(SETTING[0], id="n")], NOW_S)[0].refusal is Refusal.DEBIT_ACCOUNT_IS_CLOSED
    assert state == before


@pytest.mark.parametrize("amount", [1, 76])
@pytest.mark.parametrize("kind", [POSTED, PENDING])
def test_up_to_all_that_is_not_reserved_can_be_moved(amount: int, kind: Kind) -> None:
    state = setting()
    assert apply(state, [Transfer("n", "A", "V", amount, Reason.WITHDRAWAL, kind)], NOW_S)[0].ok
    assert state.totals["A"].spendable == 76 - amount


@pytest.mark.parametrize("again", SETTING, ids=lambda transfer: transfer.id)
def test_what_is_said_twice_happens_once(again: Transfer) -> None:
    state = setting()
    before = deepcopy(state)
    as_kept = replace(state.transfers[again.id], linked=False)
    assert apply(state, [again, as_kept], NOW_S) == [Outcome(again.id, None, True)] * 2
    assert state == before


def test_a_partial_post_moves_its_part_and_releases_the_rest() -> None:
    state = setting()
    assert apply(state, [Transfer("p", "", "", 3, Reason.DELEGATION, POST, "open")], NOW_S)[0].ok
    assert state.totals["A"] == Totals(debits_pending=10, debits_posted=7, credits_posted=100)
    assert state.totals["D"] == Totals(credits_pending=10, credits_posted=7)
    assert state.transfers["p"].amount == 3


def test_a_post_of_zero_moves_all_and_is_kept_with_what_it_moved() -> None:
    state = setting()
    assert apply(state, [Transfer("p", "", "", 0, Reason.DELEGATION, POST, "open")], NOW_S)[0].ok
    assert state.totals["D"].credits_posted == 14
    assert state.transfers["p"] == Transfer("p", "A", "D", 10, Reason.DELEGATION, POST, "open")


def test_pending_credits_cannot_be_spent_before_they_are_posted() -> None:
    state = setting()
    spend = Transfer("s", "D", "A", 5, Reason.RECALL)
    assert apply(state, [spend], NOW_S)[0].refusal is Refusal.EXCEEDS_AVAILABLE
    assert apply(state, [Transfer("p", "", "", 0, Reason.DELEGATION, POST, "open"), spend], NOW_S)[1].ok


def test_no_more_may_leave_the_vault_than_has_arrived_in_it() -> None:
    state = setting()
    promise = Transfer("promise", "V", "S", 50, Reason.DEPOSIT, PENDING)
    leave = Transfer("leave", "S", "V", 101, Reason.CORRECTION)
    assert [outcome.refusal for outcome in apply(state, [promise, leave], NOW_S)] == [None, Refusal.EXCEEDS_OWED]
    assert apply(state, [replace(leave, amount=100)], NOW_S)[0].ok


def test_an_expired_transfer_cannot_be_posted_at_that_second_but_can_before() -> None:
    post = Transfer("p", "", "", 0, Reason.DELEGATION, POST, "late")
    assert apply(setting(), [post], 60)[0].refusal is Refusal.PENDING_TRANSFER_EXPIRED
    assert apply(setting(), [post], 59)[0].ok


def test_expiry_is_a_void_the_caller_posts_once() -> None:
    state = setting()
    assert expire(state, 59) == []
    (due,) = expire(state, 60)
    assert due == Transfer("late:expired", "A", "D", 0, Reason.DELEGATION, VOID, "late", occurred_at_s=60)
    assert apply(state, [due, due], 60) == [Outcome(due.id), Outcome(due.id, None, True)]
    assert state.totals["A"].debits_pending == 10
    assert expire(state, 10**9) == []


def test_the_id_of_an_expiry_is_itself_an_id_however_long_the_pending_ones() -> None:
    longest = [derived_id("x" * 63 + last, "expired") for last in "ab"]
    assert all(len(name) == 64 for name in longest)
    assert len(set(longest)) == 2


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_chain_with_one_failure_leaves_no_trace_and_names_it(failing: int) -> None:
    state = setting()
    before = deepcopy(state)
    steps = [
        Transfer("c0", "A", "D", 5, Reason.DELEGATION, PENDING),
        Transfer("c1", "", "", 0, Reason.DELEGATION, POST, "c0"),
        Transfer("c2", "A", "V", 1, Reason.WITHDRAWAL),
    ]
    steps[failing] = replace(steps[failing], id="not an id")
    outcomes = apply(state, linked(*steps), NOW_S)
    expected = [Refusal.LINKED_EVENT_FAILED] * 3
    expected[failing] = Refusal.ID_IS_MALFORMED
    assert [outcome.refusal for outcome in outcomes] == expected
    assert state == before


def test_chains_beside_a_failed_one_stand() -> None:
    state = setting()
    lone = Transfer("lone", "V", "A", 1, Reason.DEPOSIT)
    broken = linked(Transfer("b0", "V", "A", 1, Reason.DEPOSIT), Transfer("b1", "D", "A", 99, Reason.RECALL))
    last = Transfer("last", "V", "A", 1, Reason.DEPOSIT)
    outcomes = apply(state, [lone, *broken, last], NOW_S)
    refusals = [outcome.refusal for outcome in outcomes]
    assert refusals == [None, Refusal.LINKED_EVENT_FAILED, Refusal.EXCEEDS_AVAILABLE, None]
    assert state.totals["A"].credits_posted == 102
    assert list(state.transfers)[-2:] == ["lone", "last"]


def test_a_chain_may_not_be_overdrawn_half_way() -> None:
    out, back = Transfer("out", "D", "A", 50, Reason.RECALL), Transfer("in", "A", "D", 50, Reason.DELEGATION)
    assert not any(outcome.ok for outcome in apply(setting(), linked(out, back), NOW_S))
    assert all(outcome.ok for outcome in apply(setting(), linked(back, out), NOW_S))


def test_a_chain_that_never_ends_is_refused_whole() -> None:
    state = setting()
    before = deepcopy(state)
    first = Transfer("o0", "V", "A", 1, Reason.DEPOSIT, linked=True)
    outcomes = apply(state, [first, replace(first, id="o1")], NOW_S)
    assert [outcome.refusal for outcome in outcomes] == [Refusal.LINKED_EVENT_FAILED, Refusal.LINKED_CHAIN_OPEN]
    assert state == before


def test_links_are_kept_among_what_is_new() -> None:
    state = setting()
    fresh = Transfer("fresh", "V", "A", 1, Reason.DEPOSIT)
    assert all(outcome.ok for outcome in apply(state, linked(fresh, SETTING[0]), NOW_S))
    assert state.transfers["fresh"].linked is False


def test_a_total_can_reach_the_largest_amount_but_not_pass_it() -> None:
    state = setting()
    outcomes = apply(
        state,
        [
            Transfer("fill", "V", "S", MAX_UNITS - 100, Reason.CORRECTION),
            Transfer("more", "V", "S", 1, Reason.CORRECTION),
        ],
        NOW_S,
    )
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.TOTAL_EXCEEDS_INT64]
