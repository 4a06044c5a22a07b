"""What a venue states, read line by line; what is none is told by line and field."""

import json
from dataclasses import replace
from typing import Any

import pytest

from custody.shapes import FieldError
from settlement.reconciling.statement import Statement, statement_in
from settlement.reports import EntryKind
from settlement.venues.entry import Entry

LONG, SHORT = "0x" + "Aa" * 20, "0x" + "bb" * 20
HEAD: dict[str, Any] = {
    "record": "statement", "venue": "harbour", "first": "1", "last": "9",
    "accounts": [{"number": "3", "holder": LONG}, {"number": "4", "holder": SHORT}],
    "instruments": [{"id": "7", "number": "1"}],
}  # fmt: skip
BALANCE = {"record": "balance", "account": "USDC/client/hedger/delegated/harbour", "units": "100"}
POSITION = {"record": "position", "account": "4", "instrument": "7", "side": "short", "lots": "10"}
MARK = {"record": "mark", "instrument": "7", "price_e6": "90000000000", "as_of_s": "60"}
FILL = {
    "record": "fill", "number": "2", "kind": "fill", "cause": "trade", "instrument": "7", "buyer": "3", "seller": "4",
    "lots": "10", "price_e6": "90000000000", "occurred_at_ms": "59000", "about": "0",
}  # fmt: skip


def stated(*lines: dict[str, Any]) -> Statement:
    return statement_in([json.dumps(line) for line in lines])


def test_a_statement_is_read_in_the_chains_numbers() -> None:
    found = stated(HEAD, BALANCE, POSITION, MARK, FILL)
    assert found.balances == {BALANCE["account"]: 100}
    assert found.positions == {(SHORT, 1): -10}
    assert found.marks == {1: (90_000 * 10**6, 60)}
    assert found.fills == {2: Entry(EntryKind.FILL, 7, 59_000, 10, 90_000 * 10**6, 3, 4)}
    assert found.holders == {3: LONG.lower(), 4: SHORT}
    assert replace(found, fills={}) == stated(HEAD, MARK, POSITION, BALANCE), "in any order"


@pytest.mark.parametrize(("lines", "told"), [
    ([], "line 1: expected a statement, found nothing"),
    ([BALANCE], "line 1.venue: is missing"),
    ([{**HEAD, "record": "balance"}], "line 1.record: expected statement, found balance"),
    ([{**HEAD, "first": "10"}], "line 1.last: expected first and last in order"),
    ([HEAD, {"record": "gift"}], "line 2.record: expected one of balance, position, mark, fill"),
    ([HEAD, {**BALANCE, "units": "-1"}], "line 2.units: "),
    ([HEAD, {**BALANCE, "units": 1}], "line 2.units: expected a text, found"),
    ([HEAD, {**POSITION, "side": "flat"}], "line 2.side: "),
    ([HEAD, {**POSITION, "account": "5"}], "line 2.account: 5 is not among the accounts of the first line"),
    ([HEAD, {**MARK, "instrument": "8"}], "line 2.instrument: 8 is not among the instruments of the first line"),
    ([HEAD, FILL, {**FILL, "number": "10"}], "line 3.number: 10 is outside of 1 to 9"),
    ([HEAD, BALANCE, MARK, BALANCE], "line 4: this balance was stated before"),
    ([HEAD, {**FILL, "spare": "0"}], "line 2.spare: is not known here"),
])  # fmt: skip
def test_what_is_no_statement_is_told_by_line_and_field(lines: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(FieldError) as why:
        stated(*lines)
    assert str(why.value).startswith(told)
