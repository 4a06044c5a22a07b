"""`bulkhead ledger close-accounts` and `expire`: what has come to its end, account by account, transfer by transfer."""

from collections.abc import Callable, Sequence

from custody.history import History, Query
from custody.transfers import Kind
from settlement.commands.fields import InputError
from settlement.commands.looking_back import pages
from settlement.commands.printing import Row, print_rows
from settlement.commands.running import DONE, FAILED, opened


def close_accounts(place: str, ids: Sequence[str], as_json: bool, now_s: Callable[[], int]) -> int:
    """Close these accounts, those that are empty, for good; FAILED if one was refused. InputError for none at all.

    `now_s` gives the time of closing, UTC seconds.
    """
    if not ids:
        raise InputError("expected the ids of the accounts to be closed, found none")
    with opened(place) as (_, books):
        answers = books.close_accounts(ids, now_s())
        closed_at_s = books.closed_accounts()
    rows = [
        {
            "id": answer.account_id,
            "ok": answer.ok,
            "repeated": answer.repeated,
            "refusal": answer.refusal,
            "closed_at_s": closed_at_s.get(answer.account_id),
        }
        for answer in answers
    ]
    print_rows(("id", "closed_at_s", "refusal"), rows, amounts=(), times=("closed_at_s",), as_json=as_json)
    return DONE if all(answer.ok for answer in answers) else FAILED


def expire(place: str, as_json: bool, now_s: Callable[[], int]) -> int:
    """Void every pending transfer whose time has run out, and list what was voided; FAILED if one was refused.

    `now_s` gives the time that counts, UTC seconds.
    """
    with opened(place) as (database, books):
        before = books.head().position
        outcomes = books.expire(now_s())
        ids = {outcome.transfer_id for outcome in outcomes if outcome.ok}
        # On a server somebody else may have posted in between: only what was answered is listed.
        voided = {
            recorded.transfer.id: recorded.transfer
            for recorded in pages(History(database), Query(), before, books.head().position - before)
            if recorded.transfer.kind is Kind.VOID and recorded.transfer.id in ids
        }
    rows: list[Row] = []
    for outcome in outcomes:
        void = voided.get(outcome.transfer_id)
        rows.append({
            "id": outcome.transfer_id,
            "pending_id": void and void.pending_id,
            "debit_account": void and void.debit_account,
            "credit_account": void and void.credit_account,
            "amount": void and void.amount,
            "refusal": outcome.refusal,
        })  # fmt: skip
    columns = ("pending_id", "debit_account", "credit_account", "amount", "refusal")
    print_rows(columns, rows, amounts=("amount",), as_json=as_json)
    return DONE if all(outcome.ok for outcome in outcomes) else FAILED
