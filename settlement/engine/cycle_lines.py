"""Cycles as a reconciliation holds them against the chain: obligations as signed, postings as the journal has them.

The chain's word is its settlement book's events; which transfers belong to a cycle their reference says.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, inspect

from custody.accounts import Chart
from custody.books import Books
from custody.delegation import Standing as Where
from custody.transfers import Kind
from settlement.chain_hearing import Standing, Told
from settlement.cycle_record import CycleRecord
from settlement.engine.cycle_store import Query, cycles
from settlement.engine.cycle_tables import CYCLE
from settlement.postings import party_account
from settlement.reconciling.cycles import CycleLine

PAGE = 1_000
MOST = 1 << 31


def cycle_lines(reader: Connection, books: Books, standings: Mapping[str, Standing]) -> Iterator[CycleLine]:
    """Every cycle that was ever proposed, by segregated collateral; parties are named by their accounts."""
    if not inspect(reader).has_table(CYCLE.name):
        return
    after = 0
    while page := cycles(reader, Query(), after, PAGE):
        for listed in page:
            if listed.one.digest:
                yield _line(reader, books, listed.one, standings.get(listed.one.digest, Standing()))
        after = page[-1].position


def _line(reader: Connection, books: Books, cycle: CycleRecord, standing: Standing) -> CycleLine:
    owed = {
        party_account(Where.SEGREGATED, Chart(row.asset), cycle.venue, row.party).id: row.units
        for row in cycle.obligations
    }
    between = {Chart(row.asset).venue_settlement(cycle.venue).id for row in cycle.obligations}
    posted: dict[str, int] = defaultdict(int)
    for recorded in books.transfers(reference=cycle.id, limit=MOST, tx=reader):
        one = recorded.transfer
        if one.kind in (Kind.POSTED, Kind.POST):
            posted[one.debit_account] -= one.amount
            posted[one.credit_account] += one.amount
    moved = {account: units for account, units in posted.items() if units and account not in between}
    is_settled = standing.told is Told.FINAL
    return CycleLine(cycle.id, cycle.state, is_settled, owed, moved, cycle.cut_off_s)
