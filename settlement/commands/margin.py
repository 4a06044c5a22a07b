"""`bulkhead margin`: what accounts must hold, why, and what a trade would change. Only options are imported here."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from settlement.commands.options import Count, Json, utc_s, whole_number

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


Trades = Annotated[
    tuple[str, ...],
    Parameter(
        name="--trade",
        negative="",
        help="NAME:±AMOUNT or NAME:±AMOUNT@PRICE, at the mark without a price; repeat it for a batch, judged as one. "
        "NAME is ETH-20270625-6000-C (with --at), ETH-500400s-6000-C, ETH-PERP, ETH-USDC, or USDC for cash.",
    ),
]
FeedsAt = Annotated[
    int | None, Parameter(name="--at", converter=utc_s, help="When the feeds are of: UTC seconds or ISO 8601.")
]


@MARGIN.command(name="what-if")
def what_if(
    file: File,
    /,
    *,
    trade: Trades,
    at: FeedsAt = None,
    case: CaseId = "",
    trusted: bool = False,
    in_auction: bool = False,
    borrowing: bool = True,
    raises_open_interest: bool = False,
    parameters: Parameters = "",
    json: Json = False,
) -> int:
    """Say whether an account may make trades, and its margins before and after; exit code 1 if it may not.

    Parameters
    ----------
    file
        Cases as `evaluate` takes them, - for standard input.
    trusted
        Ask for a caller whom the venue trusts to assess risk: maintenance margin, under portfolio margin in three
        scenarios.
    in_auction
        The account is being liquidated.
    borrowing
        Whether cash may be owed.
    raises_open_interest
        The trades raise open interest and the caller is not exempt from its fee: 10% of notional, at least 50 USD.
    json
        Print one JSON object a case.
    """
    from settlement.commands import margin_trying
    from settlement.commands.running import answered

    asked = margin_trying.Asked(trade, at, trusted, in_auction, borrowing, raises_open_interest)
    return answered("what-if", lambda: margin_trying.try_cases(file, case, parameters, asked, json), group="margin")


@MARGIN.command(name="parameters")
def show_parameters(name: Annotated[str, Parameter(allow_leading_hyphen=True)] = "", /, *, json: Json = False) -> int:
    """List the sets of parameters, or check one: a field unknown, missing or beyond its limits is named.

    Parameters
    ----------
    name
        A set, or a TOML file of your own; all sets, if left out.
    json
        Print one JSON line a set.
    """
    from settlement.commands import margin_parameters
    from settlement.commands.running import answered

    return answered("parameters", lambda: margin_parameters.list_parameters(name, json), group="margin")


Waterfall = Annotated[
    str, Parameter(allow_leading_hyphen=True, help="A venue's profile by name, or a TOML file of your own.")
]
PursesFile = Annotated[
    str,
    Parameter(
        name="--purses",
        help="JSON, or - for standard input: purses (by means), gains and claims (by party), candidates (party, lots, "
        "profit_units, equity_units, notional_units), long_winners, fund (at_s, units) and now_s; in units.",
    ),
]
Units = Annotated[
    int, Parameter(converter=whole_number, validator=Number(gte=0), help="Units of the settlement asset.")
]


@MARGIN.command
def waterfalls(
    name: Waterfall = "",
    /,
    *,
    loss: Annotated[Units | None, Parameter(name="--loss")] = None,
    purses: PursesFile = "",
    json: Json = False,
) -> int:
    """List the venues' default waterfalls, show one, or run one; exit code 1 if a loss leaves somebody unpaid.

    Every unit of a loss is paid by a name, or unpaid to one.

    Parameters
    ----------
    json
        Print JSON.
    """
    from settlement.commands import margin_waterfalls
    from settlement.commands.running import answered

    work = margin_waterfalls.list_waterfalls
    return answered("waterfalls", lambda: work(name, loss, purses, json), group="margin")


@MARGIN.command
def adl(
    name: Waterfall,
    /,
    *,
    purses: PursesFile,
    loss: Annotated[Units, Parameter(name="--loss")] = 0,
    lots: Annotated[Count | None, Parameter(help="Lots that have to be closed.")] = None,
    json: Json = False,
) -> int:
    """Rank the winners by a venue's rule of deleveraging, and say whose position is closed and what each gives up.

    Exit code 1 if their profits do not cover the loss.

    Parameters
    ----------
    json
        Print JSON.
    """
    from settlement.commands import margin_deleveraging
    from settlement.commands.running import answered

    return answered("adl", lambda: margin_deleveraging.queue(name, purses, loss, lots, json), group="margin")


@MARGIN.command
def liquidate(
    file: File,
    /,
    *,
    depth: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="USD that move a price by 1%, or NAME=USD for one leg; repeat it."),
    ],
    lot: Annotated[str, Parameter(help="The least that is traded, in coins or contracts.")] = "0.01",
    venue: Annotated[str, Parameter(help="Whose rule of slices: a waterfall by name or file.")] = "derive",
    penalty_bps: Annotated[int, Parameter(converter=whole_number, validator=Number(gte=0, lte=10_000))] = 0,
    case: CaseId = "",
    parameters: Parameters = "",
    json: Json = False,
) -> int:
    """Plan how an account is brought back to initial margin: the legs in order, with the margin freed for its impact.

    Beside it each leg's bankruptcy price, and what Derive's Dutch auction would ask as time passes. Exit code 1 if a
    plan ends in a shortfall.

    Parameters
    ----------
    file
        Cases as `evaluate` takes them, - for standard input.
    penalty_bps
        Of what is closed, in basis points.
    json
        Print one JSON object a case.
    """
    from settlement.commands import margin_liquidating
    from settlement.commands.running import answered

    terms = margin_liquidating.Terms(venue, penalty_bps, lot, depth)
    work = margin_liquidating.liquidate_cases
    return answered("liquidate", lambda: work(file, case, parameters, terms, json), group="margin")
