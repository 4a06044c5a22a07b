"""Options of the `bulkhead custody` subcommands that only read; they work while somebody else has the ledger open."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.options import Count, Json, Ledger, Position, Time

PAGE = 100

Setting = Annotated[Path, Parameter(name="--setting", help="JSON: venues, assets with haircuts, waits, first keys.")]


def movements(
    *,
    database: Ledger,
    party: str = "",
    lifecycle: str = "",
    state: str = "",
    since: Time = None,
    until: Time = None,
    after: Position = 0,
    limit: Count = PAGE,
    json: Json = False,
) -> int:
    """List movements with their state, deadline and reason, in order of beginning.

    Parameters
    ----------
    party
        Only those of client/NAME or venue/NAME.
    lifecycle
        Only deposit, delegation, recall, move or withdrawal.
    state
        Only those in this state, such as pending_venue or blocked.
    since
        Only those begun at this time or later, UTC seconds or ISO 8601.
    until
        Only those begun before this time.
    after
        Only those behind this number: the next page is asked for with the last number of this one.
    limit
        At most this many.
    json
        Print one JSON line per movement.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    return answered(
        "movements",
        lambda: custody_record.movements(
            database, custody_record.query(party, lifecycle, state, since, until), after, limit, json
        ),
        group="custody",
    )


def events(
    *, database: Ledger, movement: str = "", after: Position = 0, limit: Count = PAGE, json: Json = False
) -> int:
    """List events in the order in which they were written; whoever keeps the last position misses none.

    Parameters
    ----------
    movement
        Only those of this movement.
    after
        Only those behind this position.
    limit
        At most this many.
    json
        Print one JSON line per event.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    return answered("events", lambda: custody_record.events(database, movement, after, limit, json), group="custody")


def status(*, database: Ledger, setting: Setting, party: str, json: Json = False) -> int:
    """Show what a party has free and delegated, how much more it may delegate, recall or withdraw, and what is kept.

    Parameters
    ----------
    party
        client/NAME or venue/NAME.
    json
        Print one JSON line per asset and venue.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    return answered("status", lambda: custody_record.status(database, setting, party, json), group="custody")


def lifecycles(*, name: str = "") -> int:
    """Print the tables of states and acts, as they are run.

    Parameters
    ----------
    name
        Only deposit, delegation, recall, move or withdrawal.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    return answered("lifecycles", lambda: custody_record.lifecycles(name), group="custody")


def verify(*, database: Ledger, json: Json = False) -> int:
    """Walk every movement's events and compare them with its state and its transfers; exit code 1 for each fault named.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    return answered("verify", lambda: custody_record.verify(database, json), group="custody")
