"""Lines are read quickly where they hold what nearly all do, else field by field: both ways say the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.transfers import Transfer
from settlement.commands.fields import InputError
from settlement.commands.lines import TRANSFER_FIELDS, transfers_in

TEXTS = st.one_of(st.text(max_size=4), st.sampled_from(["a", "é", "\ud800"]))
ODD = [2**63, 2**63 - 1, -1, 0, 1, 1.0, True, None, ["x"], "", "x", "DEPOSIT", "007", "-1", "9" * 19, "9" * 41,
       "²", "\ud800"]  # fmt: skip
USUAL = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "debit_account": TEXTS,
        "credit_account": TEXTS,
        "amount": st.integers(),
        "reason": st.sampled_from(["deposit", "FEES", "custody_fee"]),
    },
    optional={
        "reference": TEXTS,
        "linked": st.booleans(),
        "occurred_at_s": st.integers(-9, 9),
        "expires_at_s": st.integers(-9, 9),
    },
)
OTHERS = [name for name in TRANSFER_FIELDS if name != "kind"]
PLAIN = {"id": "a", "debit_account": "x", "credit_account": "y", "amount": "7", "reason": "deposit"}


def read(fields: dict[str, object]) -> Transfer | str:
    try:
        return next(transfers_in("lines", [json.dumps(fields).encode()])).transfer
    except InputError as error:
        return str(error)


def assert_read_alike(fields: dict[str, object]) -> None:
    # Written otherwise, the kind is not one that the quick way knows.
    for kind in ("posted", "pending"):
        assert read({**fields, "kind": kind}) == read({**fields, "kind": kind.upper()})


@pytest.mark.parametrize("name", OTHERS)
def test_a_field_that_holds_something_odd_is_read_as_it_always_is(name: str) -> None:
    for odd in ODD:
        assert_read_alike({**PLAIN, name: odd})
    assert_read_alike({field: value for field, value in PLAIN.items() if field != name})


VALUES = st.one_of(TEXTS, st.integers(), st.sampled_from(ODD))


@given(USUAL, st.dictionaries(st.sampled_from(OTHERS), VALUES, max_size=2))
def test_a_line_says_the_same_however_it_is_read(usual: dict[str, object], odd: dict[str, object]) -> None:
    assert_read_alike({**usual, **odd})


def test_what_is_usual_is_read() -> None:
    assert [isinstance(read({**PLAIN, "kind": kind}), Transfer) for kind in ("posted", "POSTED")] == [True, True]
