"""`bulkhead breaks`: what reconciliations have put on record, and what is done about it."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json, Ledger

Who = Annotated[str, Parameter(name="--who", help="Who acts: on record for good.")]
Reason = Annotated[str, Parameter(name="--why", help="The reason: on record for good.")]

BREAKS = App(
    name="breaks",
    help="Breaks that `bulkhead reconcile --record` has found: from opened to cleared or explained.",
    version_flags=(),
)


@BREAKS.command(name="list")
def list_open(*, database: Ledger, json: Json = False) -> int:
    """Print the breaks that are open, oldest first, with age and deadline; exit 1 if one is past its deadline.

    Parameters
    ----------
    json
        Print one JSON line a break.
    """
    from settlement.commands.break_telling import list_breaks
    from settlement.commands.running import answered, now_s

    return answered("list", lambda: list_breaks(database, now_s(), json), group="breaks")


@BREAKS.command
def show(break_id: str, /, *, database: Ledger, json: Json = False) -> int:
    """Print one break with what was found, and who did what about it, when and why.

    Parameters
    ----------
    break_id
        The id, as `bulkhead breaks list` prints it.
    json
        Print one JSON object.
    """
    from settlement.commands.break_telling import show_break
    from settlement.commands.running import answered, now_s

    return answered("show", lambda: show_break(database, break_id, now_s(), json), group="breaks")


@BREAKS.command
def investigate(break_id: str, /, *, database: Ledger, who: Who, why: Reason) -> int:
    """Take a break on: somebody is looking into it.

    Parameters
    ----------
    break_id
        The id, as `bulkhead breaks list` prints it.
    """
    from settlement.commands.break_acting import investigate as work
    from settlement.commands.running import answered, now_s

    return answered("investigate", lambda: work(database, break_id, who, why, now_s()), group="breaks")


@BREAKS.command
def explain(break_id: str, /, *, database: Ledger, who: Who, why: Reason) -> int:
    """Close a break with an explanation that is accepted; what is in suspense cannot be explained away.

    Parameters
    ----------
    break_id
        The id, as `bulkhead breaks list` prints it.
    """
    from settlement.commands.break_acting import explain as work
    from settlement.commands.running import answered, now_s

    return answered("explain", lambda: work(database, break_id, who, why, now_s()), group="breaks")


@BREAKS.command
def suspend(break_id: str, /, *, database: Ledger, who: Who, why: Reason) -> int:
    """Move the whole difference between the ledger's account and what the chain states into suspense.

    Parameters
    ----------
    break_id
        The id, as `bulkhead breaks list` prints it; the break must be under investigation.
    """
    from settlement.commands.break_acting import suspend as work
    from settlement.commands.running import answered, now_s

    return answered("suspend", lambda: work(database, break_id, who, why, now_s()), group="breaks")


@BREAKS.command
def correct(break_id: str, /, *, database: Ledger, to: str, who: Who, why: Reason, units: int | None = None) -> int:
    """Clear a break: what stands in suspense for it goes where it belongs. All of it, or the break stays.

    Parameters
    ----------
    break_id
        The id, as `bulkhead breaks list` prints it.
    to
        The account of the ledger that it belongs to.
    units
        How much to move, in ledger units; without it, what is in suspense. Any other amount is refused.
    """
    from settlement.commands.break_acting import correct as work
    from settlement.commands.running import answered, now_s

    return answered("correct", lambda: work(database, break_id, (to, units), (who, why), now_s()), group="breaks")
