"""`bulkhead collateral`: the schedule of what counts as collateral, and what holdings count for under it."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json

COLLATERAL = App(
    name="collateral",
    help="What counts as collateral and for how much: haircuts, limits, and prices that no single book can move.",
    version_flags=(),
)

Editions = Annotated[
    tuple[str, ...],
    Parameter(
        name="--schedule",
        negative="",
        help="A TOML file with an edition of the schedule; repeat it in the order of announcement. Else the standard.",
    ),
]
File = Annotated[str, Parameter(allow_leading_hyphen=True)]


@COLLATERAL.command
def value(file: File, /, *, schedule: Editions = (), json: Json = False) -> int:
    """Say what a client's holdings at a venue count for, line by line; exit code 1 if an asset is refused.

    The file is a JSON object: "venue" whose positions the collateral backs; "at_s", UTC seconds (now, if left out);
    "holdings", ledger units by asset; "quotes", a list of {"asset", "source", "price", "at_s"}, the price a text in
    dollars per whole coin.

    Parameters
    ----------
    file
        The JSON object, - for standard input.
    json
        Print one JSON object; amounts are texts, in 1e-6 USD.
    """
    from settlement.commands import appraising
    from settlement.commands.running import answered, now_s

    return answered("value", lambda: appraising.value(file, schedule, json, now_s), group="collateral")


@COLLATERAL.command
def revalue(before: File, after: File, /, *, schedule: Editions = (), json: Json = False) -> int:
    """Say what differs between two valuations, and what the client is asked to substitute until when. Nothing moves.

    Parameters
    ----------
    before
        The earlier one, as `value` takes it, with a time.
    after
        The later one, of the same venue.
    json
        Print one JSON object; amounts are texts, in 1e-6 USD.
    """
    from settlement.commands import revaluing
    from settlement.commands.running import answered, now_s

    return answered("revalue", lambda: revaluing.revalue((before, after), schedule, json, now_s), group="collateral")


@COLLATERAL.command(name="schedule")
def show_schedule(*, schedule: Editions = (), json: Json = False) -> int:
    """Print the collateral schedule: terms, price sources, and where each comes from.

    Parameters
    ----------
    json
        Print one JSON line per asset.
    """
    from settlement.commands.running import answered
    from settlement.commands.schedule_listing import terms

    return answered("schedule", lambda: terms(schedule, json), group="collateral")
