"""`bulkhead margin`: what accounts must hold, why, and what a trade would change. Only options are imported here."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json, Time

MARGIN = App(
    name="margin",
    help="What accounts must hold under Derive's models: margins of cases, why they are so, and what a trade changes.",
    version_flags=(),
)

File = Annotated[str, Parameter(allow_leading_hyphen=True)]
Parameters = Annotated[
    str,
    Parameter(
        name="--parameters",
        help="For cases that bring none: mainnet, tests, portfolio-tests, or a TOML file of your own.",
    ),
]


@MARGIN.command
def evaluate(file: File, /, *, parameters: Parameters = "") -> int:
    """Print the margins of every case as one JSON line, in order; exit code 1 if a case has none.

    Net margins in USD: im, mm and mtm, with the components that the model has; a requirement is met where its margin is
    not below zero. Numbers have all their digits. A case that is malformed, or lacks a price, is answered with its
    "error", which names the field; the others are answered all the same.

    Parameters
    ----------
    file
        Cases as JSON lines, as an object with "cases", or one alone; - for standard input.
    """
    from settlement.commands import margin_evaluating
    from settlement.commands.running import answered

    return answered("evaluate", lambda: margin_evaluating.evaluate(file, parameters), group="margin")
