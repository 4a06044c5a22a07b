"""`bulkhead stress schema` and `stress book`: what a user's own inputs must look like, and a book to begin with."""

from typing import Annotated

from cyclopts import Parameter


def schema(name: str = "accounts", /, *, json: bool = False) -> int:
    """Say what a file of your own must hold: every column or key with its unit, its meaning and its default.

    Parameters
    ----------
    name
        accounts, shock, candles, waterfall or venue: what `stress run` takes after the flag of that name.
    json
        One line a column.
    """
    from settlement.commands.stress_schemas import tell_schema

    return tell_schema(name, json)


def book(
    out: Annotated[str, Parameter(show_default=False)], /, *, accounts: int = 1_000, seed: int = 1,
    assumptions: str = "",
) -> int:  # fmt: skip
    """Write the accounts of a drawn population as a book of your own would be: to look at, to change, to run.

    Parameters
    ----------
    out
        A file whose name ends in .csv or .parquet.
    accounts
        How many clients are drawn.
    seed
        Of everything that is drawn.
    assumptions
        A file of your own, complete, in the packaged one's form.
    """
    from settlement.commands.stress_schemas import write_book

    return write_book(out, accounts, seed, assumptions)
