"""`bulkhead ledger transfers` and `statement`: what happened, in journal order."""

import sys
from collections.abc import Iterator

from custody.accounts import Code
from custody.history import History, Query
from custody.journal import Recorded
from custody.statement import COLUMNS, Statement, as_csv, as_json
from custody.transfers import Reason
from settlement.commands.fields import InputError, named
from settlement.commands.printing import Row, print_line, print_rows
from settlement.commands.running import DONE, looked_at

_PAGE = 1_000  # transfers held at a time


def query(
    account: str | None, code: str, reference: str | None, reason: str, since_s: int | None, until_s: int | None
) -> Query:
    """The conditions as the history takes them; InputError for a code or reason that there is not."""
    return Query(
        account,
        named("--code", code, Code) if code else None,
        reference,
        named("--reason", reason, Reason) if reason else None,
        since_s,
        until_s,
    )


def transfers(place: str, asked: Query, after: int, limit: int, as_lines: bool) -> int:
    """List the transfers that answer the query; BooksError for an account that is not open."""
    with looked_at(place) as (database, books):
        if asked.account_id is not None:
            books.totals(asked.account_id)  # a misspelt account would otherwise look like one without transfers
        rows = (row_of(recorded) for recorded in pages(History(database), asked, after, limit))
        columns = ("position", "id", "kind", "debit_account", "credit_account", "amount", "reason", "reference")
        print_rows(columns, rows, amounts=("amount",), as_json=as_lines)
    return DONE


def statement(place: str, account: str, since_s: int, until_s: int, as_table: bool, as_object: bool) -> int:
    """Print the statement of an account; as CSV where `as_table`, as JSON where `as_object`, else for people."""
    if as_table and as_object:
        raise InputError("--csv and --json: expected one of them, found both")
    with looked_at(place) as (database, _):
        drawn = History(database).statement(account, since_s, until_s)
    if as_table:
        sys.stdout.write(as_csv(drawn))
    elif as_object:
        print_line(as_json(drawn))
    else:
        _tell(drawn)
    return DONE


def _tell(drawn: Statement) -> None:
    rows = [
        {name: getattr(entry, name) for name in COLUMNS} | {"reason": entry.reason.name.lower()}
        for entry in drawn.entries
    ]
    print_line(f"opening balance {drawn.opening.balance}")
    print_rows(COLUMNS, rows, amounts=("debit", "credit", "balance"), as_json=False)
    print_line(f"closing balance {drawn.closing.balance}; {drawn.debits} debited, {drawn.credits} credited")


def pages(history: History, asked: Query, after: int, limit: int) -> Iterator[Recorded]:
    """Up to `limit` transfers behind position `after`, read page by page."""
    left = limit
    while left > 0:
        page = history.find(asked, after, min(left, _PAGE))
        yield from page
        if len(page) < min(left, _PAGE):
            return
        left, after = left - len(page), page[-1].position


def row_of(recorded: Recorded) -> Row:
    """A transfer as it is listed."""
    transfer = recorded.transfer
    return {
        "position": recorded.position,
        "id": transfer.id,
        "debit_account": transfer.debit_account,
        "credit_account": transfer.credit_account,
        "amount": transfer.amount,
        "reason": transfer.reason.name.lower(),
        "kind": transfer.kind.name.lower(),
        "pending_id": transfer.pending_id,
        "linked": transfer.linked,
        "reference": transfer.reference,
        "occurred_at_s": transfer.occurred_at_s,
        "expires_at_s": transfer.expires_at_s,
        "recorded_at_s": recorded.recorded_at_s,
        "checksum": f"{recorded.checksum:08x}",
    }
