"""`bulkhead ledger accounts`, `balances`, `trial-balance` and `verify`: the books as they stand."""

import re
from collections.abc import Iterator

from custody import verification
from custody.accounts import Account, Code, Limit, Totals
from custody.history import History
from custody.journal import Head
from settlement.commands.fields import InputError, named
from settlement.commands.posting import spelt
from settlement.commands.printing import print_rows
from settlement.commands.running import DONE, FAILED, looked_at
from settlement.commands.verdict import verdict
from settlement.commands.watching import watched

_COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})")


def accounts(place: str, prefix: str, code: str, as_json: bool) -> int:
    """List the accounts with their definitions and balances, closed ones too; InputError for an unknown code."""
    wanted = named("--code", code, Code) if code else None
    closed_at_s, standing = _standing(place, prefix)
    rows = (
        {
            "id": account.id,
            "asset": account.asset,
            "code": account.code.name.lower(),
            "limit": account.limit.name.lower(),
            "balance": totals.balance,
            "closed_at_s": closed_at_s.get(account.id),
        }
        for account, totals in standing
        if wanted is None or account.code is wanted
    )
    columns = ("id", "asset", "code", "limit", "balance", "closed_at_s")
    print_rows(columns, rows, amounts=("balance",), times=("closed_at_s",), as_json=as_json)
    return DONE


def balances(place: str, prefix: str, as_of_s: int | None, position: int | None, as_json: bool) -> int:
    """List the four counters of every account with what follows from them, now or as of a time or position.

    InputError where both are given; BooksError where the journal ends before the position.
    """
    if as_of_s is not None and position is not None:
        raise InputError("--as-of and --position: expected one of them, found both")
    rows = (
        {
            "id": account.id,
            **{name: getattr(totals, name) for name in _COUNTERS},
            "balance": totals.balance,
            # Only of an account that may not be overdrawn is it known what it can pay out.
            "spendable": totals.spendable if account.limit is Limit.DEBITS_WITHIN_CREDITS else None,
        }
        for account, totals in _standing(place, prefix, as_of_s, position)[1]
    )
    amounts = (*_COUNTERS, "balance", "spendable")
    print_rows(("id", *amounts), rows, amounts=amounts, as_json=as_json)
    return DONE


def trial_balance(place: str, as_json: bool) -> int:
    """Print posted debits and credits per asset; FAILED where they differ, BooksError where a counter disagrees."""
    with looked_at(place) as (_, books):
        assets = books.trial_balance()
    columns = ("asset", "debits", "credits", "difference")
    rows = ({name: getattr(asset, name) for name in columns} for asset in assets)
    print_rows(columns, rows, amounts=columns[1:], as_json=as_json)
    return FAILED if any(asset.difference for asset in assets) else DONE


def verify(place: str, trusted: str, as_json: bool) -> int:
    """Name every fault in the books; FAILED if there is one. InputError for a trusted head that is none."""
    noted = _head_in(trusted) if trusted else None
    with looked_at(place) as (database, books), watched("transfers counted", as_json) as watch:
        head = books.head()  # read before the walk, which then goes at least as far
        faults = verification.verify(database, noted, watch.reach)
    words = [
        {"kind": fault.kind, "where": fault.where, "expected": fault.expected, "found": fault.found} for fault in faults
    ]
    said = (f"{fault.kind} at {fault.where}: expected {fault.expected}, found {fault.found}" for fault in faults)
    at = {"position": head.position, "digest": head.digest.hex()}
    return verdict(words, said, as_json, {"head": at}, f"; head {spelt(head)}")


def _standing(
    place: str, prefix: str, as_of_s: int | None = None, position: int | None = None
) -> tuple[dict[str, int], Iterator[tuple[Account, Totals]]]:
    """When accounts were closed (UTC seconds), and those that begin so with their counters, all at one moment."""
    with looked_at(place) as (database, books):
        history = History(database)
        at = history.position_at(as_of_s) if as_of_s is not None else position
        if at is None:
            with database.snapshot() as reader:
                accounts_, totals, closed = (
                    books.accounts(reader),
                    books.all_totals(reader),
                    books.closed_accounts(reader),
                )
        else:
            # The past does not change, and an account opened since the list was read is not in it.
            accounts_, totals, closed = books.accounts(), history.all_totals(at), books.closed_accounts()
    return closed, ((account, totals[account.id]) for account in accounts_ if account.id.startswith(prefix))


def _head_in(text: str) -> Head:
    found = _HEAD.fullmatch(text)
    if found is None:
        raise InputError(f"--trusted: expected POSITION:DIGEST with a digest of 64 hex digits, found {text!r}")
    return Head(int(found[1]), bytes.fromhex(found[2]))
