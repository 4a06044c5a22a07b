"""What `bulkhead breaks` does about a break; its transfers are derived from the break and posted with the act."""

import sys
from collections.abc import Sequence

from custody.accounts import Chart, Code
from custody.books import Books
from custody.database import LEDGER, Database
from custody.transfers import Transfer
from settlement.commands.printing import print_line, printable
from settlement.commands.running import DONE, FAILED, opened
from settlement.engine.break_keeping import act, in_suspense
from settlement.engine.break_record import Why, find
from settlement.reconciling.correcting import setting_aside, taking_out
from settlement.reconciling.lifecycle import BreakAct
from settlement.records import DESK

BOTH = (LEDGER, DESK)


def investigate(place: str, break_id: str, who: str, why: str, now_s: int) -> int:
    """Somebody looks into it."""
    return _alone(place, break_id, BreakAct.INVESTIGATE, Why(who, why), now_s)


def explain(place: str, break_id: str, who: str, why: str, now_s: int) -> int:
    """Closed by an explanation."""
    return _alone(place, break_id, BreakAct.EXPLAIN, Why(who, why), now_s)


def suspend(place: str, break_id: str, who: str, why: str, now_s: int) -> int:
    """The difference into suspense; FAILED where no account of the ledger differs by whole units."""
    with opened(place, schemas=BOTH) as (database, books):
        with database.snapshot() as reader:
            kept = find(reader, break_id)
        aside = setting_aside(break_id, kept.facts, now_s) if kept is not None else None
        if aside is not None:
            _open_suspense(database, books, aside)
        return _done(database, break_id, BreakAct.SUSPEND, Why(who, why), now_s, [aside] if aside else [])


def correct(place: str, break_id: str, moved: tuple[str, int | None], by: tuple[str, str], now_s: int) -> int:
    """What is in suspense to the account of `moved`, so many ledger units of it; None: all. `by`: who and why."""
    account, units = moved
    with opened(place, schemas=BOTH) as (database, books):
        with database.snapshot() as reader:
            suspense = {one.id for one in books.accounts(reader) if one.code is Code.SUSPENSE}
            left = sum(in_suspense(reader, books, break_id, suspense).values())
        out = taking_out(break_id, account, left if units is None else units, now_s)
        return _done(database, break_id, BreakAct.CLEAR, Why(*by), now_s, [out] if out else [])


def _alone(place: str, break_id: str, what: BreakAct, why: Why, now_s: int) -> int:
    with opened(place, schemas=BOTH) as (database, _):
        return _done(database, break_id, what, why, now_s)


def _open_suspense(database: Database, books: Books, aside: Transfer) -> None:
    """An asset's suspense is opened the first time that something has to stand there."""
    with database.transaction() as tx:
        books.open_accounts([Chart(aside.debit_account.partition("/")[0]).suspense()], tx)


def _done(
    database: Database, break_id: str, what: BreakAct, why: Why, now_s: int, transfers: Sequence[Transfer] = ()
) -> int:
    answer = act(database, break_id, what, why, now_s, transfers)
    if answer.kept is None:
        said = f"{answer.refusal}{f': {answer.detail}' if answer.detail else ''}"
        sys.stderr.write(f"breaks {what}: {printable(said)}\n")
        return FAILED
    print_line(printable(f"{answer.kept.id}: {answer.kept.state}"))
    for one in transfers:
        print_line(printable(f"{one.amount:,} from {one.debit_account} to {one.credit_account}, {one.id}"))
    return DONE
