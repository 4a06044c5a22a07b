"""`bulkhead ledger post` and `open-accounts`: JSON lines into the books, one durable transaction a batch.

What has been printed is on disk. A line that cannot be read stops the file: its batch is not posted, those before are.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from custody.books import Books
from custody.database import DatabaseError
from custody.journal import Head
from custody.transfers import Outcome
from settlement.commands.fields import InputError
from settlement.commands.lines import Numbered, accounts_in, batches, transfers_in
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.running import DONE, FAILED, lines_of, opened
from settlement.commands.watching import watched


def open_accounts(place: str, source: str, as_json: bool) -> int:
    """Open the accounts of a file, all or none; BooksError where one is open under another definition."""
    with lines_of(source) as lines:
        accounts = list(accounts_in(source, lines))  # before the ledger is made: a bad file makes none
    with opened(place, create=True) as (database, books), database.transaction() as tx:
        known = {account.id for account in books.accounts(tx)}
        books.open_accounts(accounts, tx)
    named = {account.id for account in accounts}
    fresh = len(named - known)
    if as_json:
        print_json({"opened": fresh, "open_already": len(named) - fresh})
    else:
        print_line(f"{fresh} opened, {len(named) - fresh} were open already")
    return DONE


@dataclass(slots=True)
class Tally:
    """What has become of the transfers so far, and the last line that was dealt with."""

    posted: int = 0
    repeated: int = 0
    refused: int = 0
    line: int = 0

    def take(self, batch: Sequence[Numbered], outcomes: Sequence[Outcome]) -> None:
        """Count a batch that is in the books."""
        repeated = sum(outcome.repeated for outcome in outcomes)
        refused = sum(outcome.refusal is not None for outcome in outcomes)
        self.repeated += repeated
        self.refused += refused
        self.posted += len(outcomes) - repeated - refused
        self.line = batch[-1].line

    def sentence(self, source: str) -> str:
        """The count in words."""
        return (
            f"{self.posted} posted, {self.repeated} were there already, {self.refused} refused; "
            f"{source} is dealt with up to line {self.line}"
        )


def post(place: str, source: str, batch_size: int, as_json: bool, now_s: Callable[[], int]) -> int:
    """Post the transfers of a file; FAILED if any was refused. What was done before a fault is still told.

    `now_s` is asked for each batch's time, UTC seconds.
    """
    tally = Tally()
    with lines_of(source) as lines, opened(place) as (_, books):
        try:
            with watched("0 lines read", as_json) as watch:
                for batch in batches(transfers_in(source, lines), batch_size):
                    tally.take(batch, _post_batch(books, batch, as_json, now_s()))
                    watch.say(f"{tally.line} lines read, {tally.posted} posted")
                    watch.reach(*lines.bytes_read())
        except (InputError, DatabaseError, KeyboardInterrupt):
            if not as_json:
                print_line(tally.sentence(source))
            raise
        if not as_json:
            print_line(f"{tally.sentence(source)}; head {spelt(books.head())}")
    return FAILED if tally.refused else DONE


def spelt(head: Head) -> str:
    """A head as `verify --trusted` takes it."""
    return f"{head.position}:{head.digest.hex()}"


def _post_batch(books: Books, batch: Sequence[Numbered], as_json: bool, now_s: int) -> list[Outcome]:
    outcomes = books.post([numbered.transfer for numbered in batch], now_s)
    for numbered, outcome in zip(batch, outcomes, strict=True):
        if as_json:
            print_json(_answer(numbered.line, outcome))
        elif outcome.refusal is not None:
            advice = "a retry may succeed" if outcome.refusal.retry_may_succeed else "no retry will succeed"
            name = printable(outcome.transfer_id)
            print_line(f"line {numbered.line}: {name} refused: {outcome.refusal} ({advice})")
    sys.stdout.flush()  # whoever reads along may take what it reads for done
    return outcomes


def _answer(line: int, outcome: Outcome) -> dict[str, object]:
    refusal = outcome.refusal
    return {
        "line": line,
        "id": outcome.transfer_id,
        "ok": outcome.ok,
        "repeated": outcome.repeated,
        "refusal": refusal,
        "retry_may_succeed": refusal is not None and refusal.retry_may_succeed,
    }
