"""The venue as the third side: what it states at its cut-off, held against the books, the mirror and the chain."""

from collections.abc import Iterator, Mapping

from settlement.contracts import MARKS
from settlement.reconciling.amounts import Line, Worth, compare_lines
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.breaks import Break, BreakType, Outcome, Source
from settlement.reconciling.in_books import InBooks
from settlement.reconciling.mirrored import Mirrored
from settlement.reconciling.records import compare_fills, compare_marks
from settlement.reconciling.statement import Statement
from settlement.reconciling.whereabouts import Whereabouts
from settlement.venues.entry import Entry

E18 = 10**18


def compare_statement(
    state: AtBlock, books: InBooks, where: Whereabouts, statement: Statement, mirrored: Mirrored | None,
    lot_sizes_e18: Mapping[int, int],
) -> Outcome:  # fmt: skip
    """Balances of the ledger, fills as they were booked, marks of the chain's feed; positions are compared by
    `comparing.compare_positions`.
    """
    total = compare_lines(_balances(books, where, statement)) + _marks(state, where, statement)
    if mirrored is None:
        return total
    numbers, named = statement.numbers, {one.holder.lower() for one in where.compartments}
    known = {0} | {number for number, holder in statement.holders.items() if holder in named}

    def worth_e6(entry: Entry) -> int:
        lot_size = lot_sizes_e18.get(numbers.get(entry.instrument, -1), 0)
        return -(-entry.lots * entry.price_e6 * lot_size // E18)

    return total + compare_fills(statement.head.venue, mirrored.fills, statement.fills, known, worth_e6)


def same_cut_off(statement: Statement, mirrored: Mirrored | None) -> Outcome:
    """Whether the chain has been told of exactly what the statement is over: else its positions are of another time."""
    venue, last = statement.head.venue, statement.head.last
    told = last if mirrored is None else mirrored.covers.get(venue, 0)
    if told == last:
        return Outcome(compared=1)
    said = {Source.LEDGER: told, Source.VENUE: last}
    return Outcome((Break(BreakType.TIMING, "cut-off", venue, Source.VENUE, said),), (), 1)


def _balances(books: InBooks, where: Whereabouts, statement: Statement) -> Iterator[Line]:
    suffix = f"/delegated/{statement.head.venue}"
    mine = {account for account in books.balances if account.endswith(suffix)}
    for account in sorted(mine | statement.balances.keys()):
        said = {Source.LEDGER: books.balances.get(account), Source.VENUE: statement.balances.get(account)}
        known = {one.symbol: one for one in where.assets}.get(account.partition("/")[0])
        scale = 1 if known is None else known.asset.to_chain(1)
        stated = {source: None if units is None else units * scale for source, units in said.items()}
        worth = Worth(0) if known is None else Worth(known.price_e6, 10**known.chain_decimals)
        yield Line("mirrored balance", account, stated, scale, (), worth, is_account=account in books.balances)


def _marks(state: AtBlock, where: Whereabouts, statement: Statement) -> Outcome:
    feeds = [one.address for one in where.contracts if one.name == MARKS.name]
    if not feeds or not statement.marks:
        return Outcome()
    numbers = sorted(statement.marks)
    found = zip(numbers, state.read(MARKS, feeds[0], "latestOfEach", numbers), strict=True)
    on_chain = {str(number): (price_e6, as_of_s) for number, (price_e6, _, as_of_s) in found if as_of_s}
    stated = {str(number): mark for number, mark in statement.marks.items()}
    return compare_marks(statement.head.venue, stated, on_chain, Source.CHAIN, Source.VENUE)
