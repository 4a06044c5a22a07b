"""Options of `bulkhead custody liens`, `lien set`, `lien lift`, `halt`, `resume`: what keeps collateral where it is."""

from cyclopts import App

from settlement.commands.options import At, Count, Json, Ledger, Setting

LIEN = App(name="lien", help="Have collateral stay in a compartment for a reason, or no longer.", version_flags=())


def liens(*, database: Ledger, party: str = "", venue: str = "", json: Json = False) -> int:
    """List what has to stay in compartments, by reason, and the venues that take nothing.

    Parameters
    ----------
    party
        Only the compartments of client/NAME or venue/NAME.
    venue
        Only those at this venue.
    json
        Print one JSON line per lien and halted venue.
    """
    from settlement.commands import custody_keeping
    from settlement.commands.running import answered

    return answered("liens", lambda: custody_keeping.listed(database, party, venue, json), group="custody")


@LIEN.command(name="set")
def set_lien(
    reason: str,
    *,
    database: Ledger,
    setting: Setting,
    party: str,
    venue: str,
    asset: str,
    units: Count,
    at: At = None,
    json: Json = False,
) -> int:
    """Have ledger units stay in a compartment, in the place of what the same reason kept before.

    Parameters
    ----------
    reason
        settlement_pending, call_open, margin_would_breach or obligation_unpaid.
    party
        Whose compartment: client/NAME or venue/NAME.
    venue
        At which venue.
    asset
        The asset's symbol.
    units
        Ledger units; reasons add up.
    json
        Print one JSON line: what has to stay there now.
    """
    from settlement.commands import custody_keeping
    from settlement.commands.running import answered, now_s

    place = (party, venue, asset)
    return answered(
        "lien set",
        lambda: custody_keeping.keep(database, setting, place, reason, units, now_s() if at is None else at, json),
        group="custody",
    )


@LIEN.command
def lift(
    reason: str,
    *,
    database: Ledger,
    setting: Setting,
    party: str,
    venue: str,
    asset: str,
    at: At = None,
    json: Json = False,
) -> int:
    """Let go of what a reason keeps in a compartment; what it blocked goes on at the next tick.

    Parameters
    ----------
    reason
        settlement_pending, call_open, margin_would_breach or obligation_unpaid.
    party
        Whose compartment: client/NAME or venue/NAME.
    venue
        At which venue.
    asset
        The asset's symbol.
    json
        Print one JSON line: what has to stay there now.
    """
    from settlement.commands import custody_keeping
    from settlement.commands.running import answered, now_s

    place = (party, venue, asset)
    return answered(
        "lien lift",
        lambda: custody_keeping.keep(database, setting, place, reason, 0, now_s() if at is None else at, json),
        group="custody",
    )


def halt(venue: str, *, database: Ledger, setting: Setting, at: At = None, json: Json = False) -> int:
    """Let a venue take nothing: delegations and moves to it are blocked, recalls from it are not.

    Parameters
    ----------
    venue
        Its name.
    json
        Print one JSON line per halted venue.
    """
    from settlement.commands import custody_keeping
    from settlement.commands.running import answered, now_s

    return answered(
        "halt",
        lambda: custody_keeping.halt(database, setting, venue, True, now_s() if at is None else at, json),
        group="custody",
    )


def resume(venue: str, *, database: Ledger, setting: Setting, at: At = None, json: Json = False) -> int:
    """Let a venue take again; what was blocked goes on at the next tick.

    Parameters
    ----------
    venue
        Its name.
    json
        Print one JSON line per venue that is still halted.
    """
    from settlement.commands import custody_keeping
    from settlement.commands.running import answered, now_s

    return answered(
        "resume",
        lambda: custody_keeping.halt(database, setting, venue, False, now_s() if at is None else at, json),
        group="custody",
    )
