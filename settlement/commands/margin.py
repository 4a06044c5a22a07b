"""`bulkhead margin`: what accounts must hold, why, and what a trade would change. Only options are imported here."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json

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
CaseId = Annotated[str, Parameter(name="--id", help="The case that is meant; every one, if left out.")]


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


@MARGIN.command
def explain(file: File, /, *, case: CaseId = "", parameters: Parameters = "", json: Json = False) -> int:
    """Say why an account's margin is what it is: what binds, what each position asks, what would restore it.

    "in what binds" is a position's own profit or loss in the worst scenario, "alone" the initial margin that it would
    ask by itself, "frees" by how much the account's net margins rise when it is closed at its mark.

    Parameters
    ----------
    file
        Cases as `evaluate` takes them, - for standard input.
    json
        Print one JSON object a case.
    """
    from settlement.commands import margin_explaining
    from settlement.commands.running import answered

    return answered("explain", lambda: margin_explaining.explain_cases(file, case, parameters, json), group="margin")
