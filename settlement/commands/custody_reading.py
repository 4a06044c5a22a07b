"""Options of the `bulkhead custody` subcommands that only read; they work while somebody else has the ledger open."""

from settlement.commands.listing import ALWAYS, FIRST, Page, Period
from settlement.commands.options import Json, Ledger, Setting


def movements(
    *,
    database: Ledger,
    party: str = "",
    lifecycle: str = "",
    state: str = "",
    period: Period = ALWAYS,
    page: Page = FIRST,
    json: Json = False,
) -> int:
    """List movements with their state, deadline and reason, in order, and by the time, of their beginning.

    Parameters
    ----------
    party
        Only those of client/NAME or venue/NAME.
    lifecycle
        Only deposit, delegation, recall, move or withdrawal.
    state
        Only those in this state, such as pending_venue or blocked.
    json
        Print one JSON line per movement.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    def work() -> int:
        asked = custody_record.query(party, lifecycle, state, period.since, period.until)
        return custody_record.movements(database, asked, page.after, page.limit, json)

    return answered("movements", work, group="custody")


def events(*, database: Ledger, movement: str = "", page: Page = FIRST, json: Json = False) -> int:
    """List events in the order in which they were written; whoever keeps the last position misses none.

    Parameters
    ----------
    movement
        Only those of this movement.
    json
        Print one JSON line per event.
    """
    from settlement.commands import custody_record
    from settlement.commands.running import answered

    return answered(
        "events", lambda: custody_record.events(database, movement, page.after, page.limit, json), group="custody"
    )


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
