"""The fast twin against the plain rules, without any books: same refusals, same counters, in the same order."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody import ledger
from custody.accounts import Account, Code, Limit, Totals
from custody.kernel import admit, admit_all
from custody.money import MAX_UNITS
from custody.state import LedgerState
from custody.tallies import Tally
from custody.transfers import Kind, Reason, Refusal, Transfer

OPEN = {
    "V": Account("V", "USDC", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS),
    "A": Account("A", "USDC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
    "D": Account("D", "USDC", Code.DELEGATED, Limit.DEBITS_WITHIN_CREDITS),
    "S": Account("S", "USDC", Code.SUSPENSE, Limit.NONE),
    "B": Account("B", "BTC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
}
CLOSED = {
    "C": Account("C", "USDC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS),
    "K": Account("K", "USDC", Code.VAULT, Limit.CREDITS_WITHIN_DEBITS),
    "Z": Account("Z", "BTC", Code.SUSPENSE, Limit.NONE),
}
STANDING = {
    "V": Totals(debits_pending=5, debits_posted=100, credits_pending=10, credits_posted=20),
    "A": Totals(debits_pending=20, debits_posted=4, credits_pending=30, credits_posted=100),
}


def tallies() -> dict[str, Tally]:
    """Every account that there is; X and Y are none."""
    made = {name: Tally(key, account) for key, (name, account) in enumerate((OPEN | CLOSED).items(), 1)}
    for name, totals in STANDING.items():
        made[name].take(totals)
    for name in CLOSED:
        made[name].closed = True
    return made


def state() -> LedgerState:
    made = tallies()
    totals = {name: tally.totals() for name, tally in made.items()}
    return LedgerState(OPEN | CLOSED, totals, closed=set(CLOSED))


# Every row also breaks as many of the rules below its own as one transfer can, so the order itself is under test.
REFUSALS = """
dr cr amount kind    refusal
X  Y  MAX    PENDING debit_account_not_found
X  C  MAX    PENDING debit_account_not_found
A  Y  MAX    PENDING credit_account_not_found
C  Y  MAX    POSTED  credit_account_not_found
A  B  MAX    PENDING accounts_must_hold_the_same_asset
C  Z  MAX    POSTED  accounts_must_hold_the_same_asset
C  K  MAX    PENDING debit_account_is_closed
C  V  1      POSTED  debit_account_is_closed
D  K  MAX    PENDING credit_account_is_closed
A  C  1      POSTED  credit_account_is_closed
A  V  MAX    POSTED  total_exceeds_int64
D  A  MAX    PENDING total_exceeds_int64
V  D  OVER_V POSTED  total_exceeds_int64
S  A  OVER_A PENDING total_exceeds_int64
A  V  77     POSTED  exceeds_available
A  V  77     PENDING exceeds_available
D  S  1      POSTED  exceeds_available
S  V  71     POSTED  exceeds_owed
A  V  71     PENDING exceeds_owed
"""
WORDS = {"MAX": MAX_UNITS, "OVER_V": MAX_UNITS - 104, "OVER_A": MAX_UNITS - 129}
ROWS = [row.split() for row in REFUSALS.strip().splitlines()[1:]]


def asked(row: list[str]) -> tuple[str, str, int, Kind]:
    return row[0], row[1], WORDS.get(row[2]) or int(row[2]), Kind[row[3]]


def admitted(made: dict[str, Tally], *transfers: tuple[str, str, int, Kind]) -> dict[int, Refusal]:
    debits, credits_, amounts, kinds = zip(*transfers, strict=True)
    return admit([made.get(name) for name in debits], [made.get(name) for name in credits_], amounts, kinds)


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_the_first_rule_broken_is_the_refusal_and_nothing_moves(row: list[str]) -> None:
    made = tallies()
    assert admitted(made, asked(row)) == {0: Refusal(row[-1])}
    assert {name: tally.totals() for name, tally in made.items()} == state().totals


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_the_plain_rules_say_the_same_of_each_row(row: list[str]) -> None:
    debit, credit, amount, kind = asked(row)
    (outcome,) = ledger.apply(state(), [Transfer("n", debit, credit, amount, Reason.DEPOSIT, kind)], 0)
    assert outcome.refusal == row[-1]


def test_the_table_has_every_refusal_of_the_kernel_in_order() -> None:
    order = list(Refusal)
    listed = [order.index(Refusal(row[-1])) for row in ROWS]
    assert listed == sorted(listed)
    about_accounts = order[
        order.index(Refusal.DEBIT_ACCOUNT_NOT_FOUND) : order.index(Refusal.PENDING_TRANSFER_NOT_FOUND)
    ]
    about_room = order[order.index(Refusal.TOTAL_EXCEEDS_INT64) :]
    assert {order[index] for index in listed} == {*about_accounts, *about_room}


@pytest.mark.parametrize(
    ("debit", "credit", "amount"),
    [("A", "V", 70), ("A", "D", 76), ("S", "V", 70), ("V", "D", MAX_UNITS - 105), ("S", "A", MAX_UNITS - 130)],
)
@pytest.mark.parametrize("kind", [Kind.POSTED, Kind.PENDING])
def test_up_to_the_last_unit_there_is_room(debit: str, credit: str, amount: int, kind: Kind) -> None:
    made = tallies()
    before = {name: tally.totals() for name, tally in made.items()}
    assert admitted(made, (debit, credit, amount, kind)) == {}
    pending, posted = (amount, 0) if kind is Kind.PENDING else (0, amount)
    was, is_now = before[debit], made[debit].totals()
    assert is_now == replace(was, debits_pending=was.debits_pending + pending, debits_posted=was.debits_posted + posted)
    was, is_now = before[credit], made[credit].totals()
    assert is_now == replace(
        was, credits_pending=was.credits_pending + pending, credits_posted=was.credits_posted + posted
    )


def test_each_transfer_meets_what_the_ones_before_it_left() -> None:
    made = tallies()
    spend, fund = ("D", "A", 5, Kind.POSTED), ("A", "D", 5, Kind.POSTED)
    held = ("A", "D", 5, Kind.PENDING)
    refused = admitted(made, spend, held, spend, fund, spend, spend)
    assert refused == dict.fromkeys((0, 2, 5), Refusal.EXCEEDS_AVAILABLE)
    assert made["D"].totals() == Totals(debits_posted=5, credits_pending=5, credits_posted=5)


SEEN: Counter[str] = Counter()
said = st.lists(
    st.tuples(
        st.sampled_from(
            ["VA", "AD", "DA", "AS", "SA", "SD", "SV", "SV", "SV", "AV", "CK", "AB", "AC", "KA", "ZB", "XA", "AX"]
        ),
        st.sampled_from([1, 5, 6, 30, 70, 76, 2**62, MAX_UNITS]),
        st.sampled_from([Kind.POSTED, Kind.PENDING]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(said)
def judge_twice(transfers: list[tuple[str, int, Kind]]) -> None:
    made, plain = tallies(), state()
    refused = admitted(made, *((way[0], way[1], amount, kind) for way, amount, kind in transfers))
    written = [
        Transfer(f"t{index}", way[0], way[1], amount, Reason.DEPOSIT, kind)
        for index, (way, amount, kind) in enumerate(transfers)
    ]
    outcomes = ledger.apply(plain, written, 0)
    assert [outcome.refusal for outcome in outcomes] == [refused.get(index) for index in range(len(transfers))]
    assert {name: tally.totals() for name, tally in made.items()} == plain.totals
    SEEN.update(
        outcome.refusal or kind.name for outcome, (_way, _amount, kind) in zip(outcomes, transfers, strict=True)
    )


def test_whole_batches_are_judged_alike_and_each_answer_was_given() -> None:
    SEEN.clear()
    judge_twice()
    answers = {"POSTED", "PENDING", *(row[-1] for row in ROWS)}
    assert {answer for answer in answers if SEEN[answer] < 20} == set()


ROOM: Counter[bool] = Counter()
roomy = st.lists(
    st.tuples(st.sampled_from(["VA", "VD", "AD", "DA", "AS", "SA", "SV", "AV", "AC", "AB", "SD"]), st.integers(1, 40)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(roomy, st.sampled_from([Kind.POSTED, Kind.PENDING]))
def judge_all_at_once(transfers: list[tuple[str, int]], kind: Kind) -> None:
    """Whether admitted at once or not, what it did is what one by one would have done, or nothing."""
    made, one_by_one, before = tallies(), tallies(), tallies()
    debits, credits_ = Counter[str](), Counter[str]()
    for way, amount in transfers:
        debits[way[0]] += amount
        credits_[way[1]] += amount
    sides = ([(made[name], units) for name, units in side.items()] for side in (debits, credits_))
    is_admitted = admit_all(*sides, kind)
    ROOM[is_admitted] += 1
    refused = admitted(one_by_one, *((way[0], way[1], amount, kind) for way, amount in transfers))
    if is_admitted:
        assert refused == {}
    expected = one_by_one if is_admitted else before
    assert {name: tally.totals() for name, tally in made.items()} == {
        name: tally.totals() for name, tally in expected.items()
    }


def test_room_for_all_at_once_is_room_for_each() -> None:
    ROOM.clear()
    judge_all_at_once()
    assert min(ROOM[True], ROOM[False]) > 50
