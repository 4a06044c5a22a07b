"""What a run came to for every account of a book: one row each, in the order of the book, money exact."""

from collections.abc import Iterator, Mapping, Sequence

from margin.contagion.assumptions import MICRO
from margin.contagion.engine import Run
from margin.contagion.inputs.book_rows import decimal

COLUMNS = ("regime", "account", "liquidated", "equity_at_start", "equity_at_end")


def results_of(regime: str, done: Run, accounts: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """The first accounts of a finished run, by their names; equity in $, with what came from outside in between."""
    equity, _ = done.standings()
    start = done.inputs.population.accounts.cash_units
    for number, account in enumerate(accounts):
        yield {
            "regime": regime,
            "account": account,
            "liquidated": "true" if done.tally.liquidated[number] else "false",
            "equity_at_start": decimal(int(start[number]), MICRO),
            "equity_at_end": decimal(int(equity[number]), MICRO),
        }
