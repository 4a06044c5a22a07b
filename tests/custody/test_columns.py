"""Arrays in, codes out: every refusal has a code of its own, and columns that stand for nothing are no columns."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from custody.accounts import Chart, Totals
from custody.books import Books
from custody.columns import APPLIED, REPEATED, Columns, ColumnsError, are_plain_ids, codes_of, refusal_of, refused
from custody.transfers import Kind, Outcome, Reason, Refusal, Transfer, has_plain_id

CHART = Chart("USDC")
VAULT, FUND, VENUE = CHART.vault().id, CHART.available("fund").id, CHART.delegated("fund", "venue").id


def whole(*numbers: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(numbers, dtype=np.int64)


def three(**other: Any) -> Columns:
    """Three plain transfers, but for what is said otherwise."""
    return Columns(**{
        "ids": ["a", "b", "c"],
        "debit_accounts": whole(1, 1, 1),
        "credit_accounts": whole(2, 2, 2),
        "amounts": whole(5, 6, 7),
        "reasons": Reason.DEPOSIT,
        **other,
    })  # fmt: skip


# -- codes -------------------------------------------------------------------------------------------------------------


def test_every_refusal_has_the_code_of_its_rank() -> None:
    codes = codes_of([Outcome("n", refusal) for refusal in Refusal])
    assert codes.tolist() == list(range(1, len(Refusal) + 1))
    assert codes.dtype == np.int16
    assert [refusal_of(int(code)) for code in codes] == list(Refusal)


def test_what_is_in_the_books_has_no_refusal() -> None:
    assert codes_of([Outcome("n"), Outcome("n", None, True)]).tolist() == [APPLIED, REPEATED] == [0, -1]
    assert refusal_of(APPLIED) is refusal_of(REPEATED) is None


def test_refusals_by_index_are_the_codes_of_the_whole_batch() -> None:
    codes = refused(4, {1: Refusal.EXCEEDS_AVAILABLE, 3: Refusal.LINKED_EVENT_FAILED})
    assert [refusal_of(int(code)) for code in codes] == [None, "exceeds_available", None, "linked_event_failed"]
    assert codes.dtype == np.int16
    assert refused(0, {}).tolist() == []


# -- what are columns --------------------------------------------------------------------------------------------------

NUMBERS = ("debit_accounts", "credit_accounts", "amounts", "reasons", "kinds", "occurred_at_s", "expires_at_s")
BAD: list[tuple[str, Any]] = [
    *((name, whole(1, 1)) for name in NUMBERS),
    *((name, whole(1, 1, 1, 1)) for name in NUMBERS),
    *((name, np.array([1, 1, 1], dtype=np.int32)) for name in NUMBERS),
    *((name, np.array([1, 1, 1], dtype=np.uint64)) for name in NUMBERS),
    *((name, np.array([1.0, 1.0, 1.0])) for name in NUMBERS),
    *((name, whole(1, 1, 1).reshape(3, 1)) for name in NUMBERS),
    *((name, [1, 1, 1]) for name in NUMBERS),
    *((name, 1.0) for name in NUMBERS),
    *((name, None) for name in NUMBERS),
    *((name, 1) for name in ("debit_accounts", "credit_accounts", "amounts")),
    ("references", ["x", "y"]),
    ("pending_ids", ["x"]),
    ("pending_ids", "abc"),
    ("linked", np.array([True, False])),
    ("linked", [True, False, False]),
    ("ids", "abc"),
    ("kinds", 9),
    ("kinds", whole(1, 9, 1)),
    ("reasons", 99),
    ("reasons", whole(1, 99, 1)),
    ("reasons", -1),
    ("occurred_at_s", 2**63),
    ("expires_at_s", -(2**63) - 1),
]


@pytest.mark.parametrize(("name", "column"), BAD, ids=lambda value: str(value).replace("\n", ""))
def test_what_stands_for_no_transfers_is_refused_by_its_name(name: str, column: Any) -> None:
    with pytest.raises(ColumnsError, match=f"^{name}: "):
        three(**{name: column})


def test_a_single_value_stands_for_as_many_of_the_same(books: Books) -> None:
    once = three(references="wire", occurred_at_s=4, expires_at_s=9, kinds=Kind.PENDING)
    each = three(
        ids=["d", "e", "f"],
        references=["wire"] * 3,
        occurred_at_s=whole(4, 4, 4),
        expires_at_s=whole(9, 9, 9),
        kinds=whole(2, 2, 2),
        reasons=whole(1, 1, 1),
    )
    assert books.post_columns(once, 5).tolist() == books.post_columns(each, 5).tolist() == [APPLIED] * 3
    made = [entry.transfer for entry in books.transfers()]
    assert [replace(one, id="") for one in made[:3]] == [replace(one, id="") for one in made[3:]]
    assert made[0] == Transfer("a", VAULT, FUND, 5, Reason.DEPOSIT, Kind.PENDING, "", False, "wire", 4, 9)
    assert books.verify() == []


def test_columns_of_nothing_are_columns(books: Books) -> None:
    none = Columns([], whole(), whole(), whole(), Reason.DEPOSIT)
    assert (len(none), none.are_plain()) == (0, True)
    assert books.post_columns(none, 5).tolist() == []
    assert books.head().position == 0


# -- which the fast twin may judge -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        (True, {}),
        (True, {"kinds": Kind.PENDING}),
        (True, {"kinds": whole(1, 2, 1)}),
        (True, {"kinds": Kind.PENDING, "occurred_at_s": 5, "expires_at_s": 6}),
        (True, {"kinds": whole(1, 2, 1), "expires_at_s": whole(0, 9, 0)}),
        (True, {"pending_ids": ["", "", ""]}),
        (True, {"linked": np.array([False, False, False])}),
        (True, {"amounts": whole(1, 2**63 - 1, 1)}),
        (True, {"ids": ["x" * 64, "b", "A-z_0.9:/"]}),
        (False, {"kinds": Kind.POST}),
        (False, {"kinds": whole(1, 4, 1)}),
        (False, {"amounts": whole(1, 0, 1)}),
        (False, {"amounts": whole(1, 1, -1)}),
        (False, {"credit_accounts": whole(2, 1, 2)}),
        (False, {"expires_at_s": 9}),
        (False, {"kinds": whole(1, 2, 1), "expires_at_s": whole(9, 9, 0)}),
        (False, {"kinds": Kind.PENDING, "occurred_at_s": 5, "expires_at_s": 5}),
        (False, {"kinds": Kind.PENDING, "expires_at_s": -1}),
        (False, {"pending_ids": ["", "", "p"]}),
        (False, {"linked": np.array([True, False, False])}),
        (True, {"references": ["é", "", "wire"]}),
        (False, {"references": "wire\0"}),
        (False, {"references": ["", "\ud800", ""]}),
        (False, {"ids": ["x" * 65, "b", "c"]}),
        (False, {"ids": ["", "b", "c"]}),
        (False, {"ids": ["a", "b c", "c"]}),
    ],
    ids=str,
)
def test_only_what_needs_no_other_rule_is_plain(plain: bool, other: dict[str, Any]) -> None:
    assert three(**other).are_plain() is plain


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "x" * 64,
        "AZaz09_.:/-",
        "",
        "x" * 65,
        "a b",
        "a\n",
        "\n",
        "é",
        "a*b",
        "a,b",
        "a\\b",
        "a\0b",
        "½",
        "a'b",
        "٣",
    ],
)
def test_an_id_is_plain_where_the_rules_say_so(name: str) -> None:
    judged = has_plain_id(Transfer(name, VAULT, FUND, 1, Reason.DEPOSIT))
    assert are_plain_ids([name]) is are_plain_ids(["fine", name]) is are_plain_ids([name, "fine"]) is judged


def test_no_ids_are_plain_and_neighbours_do_not_excuse_each_other() -> None:
    assert are_plain_ids([]) is True
    assert are_plain_ids(["x" * 65, ""]) is False
    assert are_plain_ids(["a" * 64] * 3) is True


# -- posting them ------------------------------------------------------------------------------------------------------


def test_every_kind_goes_in_by_columns(books: Books) -> None:
    """A chain, what it holds, its end, and a repeat: all that objects can say."""
    vault, fund, venue = books.keys([VAULT, FUND, VENUE]).tolist()
    day = Columns(
        ["deposit", "hold", "take", "deposit", "void", "over"],
        whole(vault, fund, fund, vault, fund, fund),
        whole(fund, venue, venue, fund, venue, venue),
        whole(100, 30, 20, 100, 0, 81),
        whole(1, 3, 3, 1, 3, 3),
        whole(1, 2, 3, 1, 4, 1),
        pending_ids=["", "", "hold", "", "hold", ""],
        linked=np.array([True, False, False, False, False, False]),
    )
    codes = books.post_columns(day, 9).tolist()
    assert codes[:4] == [APPLIED, APPLIED, APPLIED, REPEATED]
    assert [refusal_of(code) for code in codes[4:]] == [Refusal.ALREADY_POSTED, Refusal.EXCEEDS_AVAILABLE]
    assert books.totals(FUND) == Totals(debits_posted=20, credits_posted=100)
    assert [entry.transfer.linked for entry in books.transfers()] == [True, False, False]
    assert books.post_columns(day, 9).tolist()[:4] == [REPEATED] * 4
    assert books.verify() == []


@pytest.mark.parametrize("amounts", [(5, 5), (5, 0)], ids=["by the fast twin", "by the plain rules"])
def test_a_key_that_is_no_accounts_is_refused_whatever_accounts_are_called(
    books: Books, amounts: tuple[int, int]
) -> None:
    books.open_accounts(
        [replace(CHART.fees(), id="key 99"), replace(CHART.fees(), id="99"), replace(CHART.fees(), id="")]
    )
    said = Columns(["a", "b"], whole(1, 1), whole(99, 2), whole(*amounts), Reason.DEPOSIT)
    assert refusal_of(int(books.post_columns(said, 9)[0])) is Refusal.CREDIT_ACCOUNT_NOT_FOUND
    said = Columns(["c", "d"], whole(99, 1), whole(2, 2), whole(*amounts), Reason.DEPOSIT)
    assert refusal_of(int(books.post_columns(said, 9)[0])) is Refusal.DEBIT_ACCOUNT_NOT_FOUND
