"""Lines from outside: what a field may hold, what is complained about, and that no linked chain is cut."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.accounts import Account, Code, Limit
from custody.transfers import Kind, Reason, Transfer
from settlement.commands.fields import InputError
from settlement.commands.lines import Numbered, accounts_in, batches, transfers_in

MOVE: dict[str, object] = {"id": "a", "debit_account": "x", "credit_account": "y", "amount": 5, "reason": "deposit"}
PLACE: dict[str, object] = {"id": "USDC/fees", "asset": "USDC", "code": "fees", "limit": "none"}


def read(*lines: bytes | dict[str, object]) -> list[Transfer]:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return [numbered.transfer for numbered in transfers_in("moves.jsonl", raw)]


def test_what_is_left_out_is_a_posted_transfer_without_conditions() -> None:
    assert read(MOVE) == [Transfer("a", "x", "y", 5, Reason.DEPOSIT)]


def test_a_resolution_may_leave_out_what_its_pending_transfer_says() -> None:
    post = {"id": "b", "reason": "DEPOSIT", "kind": "Post", "pending_id": "a"}
    assert read(post) == [Transfer("b", "", "", 0, Reason.DEPOSIT, Kind.POST, "a")]


@pytest.mark.parametrize("amount", [7, "7", "007"])
def test_an_amount_is_a_number_or_a_text(amount: object) -> None:
    assert read({**MOVE, "amount": amount})[0].amount == 7


@pytest.mark.parametrize("amount", [-1, 0, 2**63, "-1", "9223372036854775808"])
def test_an_amount_out_of_range_is_for_the_books_to_refuse(amount: int | str) -> None:
    assert read({**MOVE, "amount": amount})[0].amount == int(amount)


WRONG: list[tuple[str, object, str]] = [
    ("id", 5, "expected a text, found 5"),
    ("id", None, "expected a text, found None"),
    ("reference", "\ud800", "expected a text, found '\\ud800'"),
    ("debit_account", ["x"], "expected a text, found ['x']"),
    ("amount", 1.0, "expected a whole number of ledger units, as a number or a text, found 1.0"),
    ("amount", True, "expected a whole number of ledger units, as a number or a text, found True"),
    ("amount", "1e3", "expected a whole number of ledger units, as a number or a text, found '1e3'"),
    ("amount", " 1", "expected a whole number of ledger units, as a number or a text, found ' 1'"),
    ("amount", "1_0", "expected a whole number of ledger units, as a number or a text, found '1_0'"),
    ("amount", "\u0661", "expected a whole number of ledger units, as a number or a text, found '\\u0661'"),
    ("amount", "9" * 5000, "expected a whole number of ledger units, as a number or a text, found '999"),
    ("amount", None, "expected a whole number of ledger units, as a number or a text, found None"),
    ("reason", "gift", "expected one of deposit, withdrawal,"),
    ("reason", 1, "expected one of deposit, withdrawal,"),
    ("kind", "", "expected one of posted, pending, post, void, found ''"),
    ("kind", None, "expected one of posted, pending, post, void, found None"),
    ("linked", 1, "expected true or false, found 1"),
    ("linked", "false", "expected true or false, found 'false'"),
    ("occurred_at_s", "5", "expected a whole number of seconds in 64 bits, found '5'"),
    ("occurred_at_s", 2**63, "expected a whole number of seconds in 64 bits, found 9223372036854775808"),
    ("expires_at_s", False, "expected a whole number of seconds in 64 bits, found False"),
]


@pytest.mark.parametrize(("field", "value", "complaint"), WRONG)
def test_a_wrong_value_is_named_with_its_line_and_field(field: str, value: object, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        read(MOVE, b"", {**MOVE, field: value})
    assert str(caught.value).startswith(f"moves.jsonl, line 3: {field}: {complaint}")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("field", MOVE)
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(InputError, match=f"line 1: {field}: expected this field, found none"):
        read({name: value for name, value in MOVE.items() if name != field})


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "expected a JSON object in UTF-8, found '{'"),
        (b"[]", "expected a JSON object, found []"),
        (b"\xff", "expected a JSON object in UTF-8"),
        (b"[" * 100_000, "expected a JSON object without nesting"),
        (b'{"id": ' * 17, "expected a JSON object without nesting"),
        (b'{"id": "a"' + b',"id": "a"' * 20 + b"}", "a field is given twice"),
        (b'{"amount": ' + b"9" * 5000 + b"}", "expected a JSON object in UTF-8"),
        (b'{"id": "a", "id": "b"}', "a field is given twice"),
        (b'{"refrence": "r"}', "'refrence': expected one of the fields id, debit_account,"),
        (b'{"balance": "1"}', "'balance': expected one of the fields"),
    ],
)
def test_a_line_that_is_no_transfer_is_named(line: bytes, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        read(line)
    assert str(caught.value).startswith("moves.jsonl, line 1: ")
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 400


def test_empty_lines_and_a_byte_order_mark_are_passed_over_but_counted() -> None:
    lines = [b"\xef\xbb\xbf" + json.dumps(MOVE).encode(), b"\r\n", b"  \n", json.dumps({**MOVE, "id": "b"}).encode()]
    found = list(transfers_in("moves.jsonl", lines))
    assert [(numbered.line, numbered.transfer.id) for numbered in found] == [(1, "a"), (4, "b")]


def test_brackets_in_a_text_are_no_nesting() -> None:
    reference = "[{" * 50 + '\\"[' * 50
    assert read({**MOVE, "reference": reference})[0].reference == reference


def test_an_account_has_four_fields_and_may_bring_its_listed_balance() -> None:
    line = json.dumps({**PLACE, "balance": "12"}).encode()
    assert list(accounts_in("accounts.jsonl", [line])) == [Account("USDC/fees", "USDC", Code.FEES, Limit.NONE)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", "a b"), ("id", ""), ("id", "a\n"), ("id", "a" * 257), ("asset", "A/B"), ("code", "1"), ("limit", 0)],
)
def test_an_account_that_could_not_be_told_apart_is_refused(field: str, value: object) -> None:
    with pytest.raises(InputError, match=f"accounts.jsonl, line 1: {field}: expected "):
        list(accounts_in("accounts.jsonl", [json.dumps({**PLACE, field: value}).encode()]))


@pytest.mark.parametrize("field", PLACE)
def test_no_field_of_an_account_has_a_default(field: str) -> None:
    line = json.dumps({name: value for name, value in PLACE.items() if name != field}).encode()
    with pytest.raises(InputError, match=f"line 1: {field}: expected this field"):
        list(accounts_in("accounts.jsonl", [line]))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TRANSFERS = st.builds(
    Transfer,
    TEXTS, TEXTS, TEXTS, st.integers(-(10**30), 10**30), st.sampled_from(Reason), st.sampled_from(Kind), TEXTS,
    st.booleans(), TEXTS, st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1),
)  # fmt: skip


@given(TRANSFERS, st.booleans())
def test_every_transfer_survives_its_line(transfer: Transfer, as_text: bool) -> None:
    said = asdict(transfer) | {"reason": transfer.reason.name, "kind": transfer.kind.name.lower()}
    if as_text:
        said["amount"] = str(transfer.amount)
    assert read(said) == [transfer]


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 7))
def test_batches_keep_the_order_and_cut_no_chain(links: list[bool], size: int) -> None:
    whole = [
        Numbered(line, Transfer(str(line), "x", "y", 1, Reason.DEPOSIT, linked=link))
        for line, link in enumerate(links, start=1)
    ]
    cut = list(batches(whole, size))
    assert [numbered for batch in cut for numbered in batch] == whole
    assert all(not batch[-1].transfer.linked for batch in cut[:-1])
    for batch in cut[:-1]:
        assert len(batch) >= size
        # No longer than needed: it could not have ended earlier.
        assert all(numbered.transfer.linked for numbered in batch[size - 1 : -1])


def test_without_chains_every_batch_is_full() -> None:
    whole = [Numbered(line, Transfer(str(line), "x", "y", 1, Reason.DEPOSIT)) for line in range(1, 8)]
    assert [len(batch) for batch in batches(whole, 3)] == [3, 3, 1]
