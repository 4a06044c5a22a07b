"""`bulkhead drill`: who would get what, when, from which account, out of the books as they stand."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json, Ledger, Position, Time, utc_s

DRILL = App(
    name="drill",
    help="Insolvency drills over the books: who gets what, when, from which account. Nothing is written.",
    version_flags=(),
)

Units = Annotated[Position | None, Parameter()]
Moment = Annotated[int, Parameter(converter=utc_s)]
File = Annotated[str, Parameter(allow_leading_hyphen=True)]


@DRILL.command
def client_default(
    *,
    database: Ledger,
    asset: str,
    client: str,
    venue: str,
    owed: File,
    positions: File = "",
    top_up: Position = 0,
    capital: Units = None,
    as_of: Time = None,
    json: Json = False,
) -> int:
    """A client defaults: its losses go down the waterfall, layer by layer, and creditors who lack something are named.

    Parameters
    ----------
    asset
        The settlement asset's symbol.
    owed
        A JSON object, ledger units by creditor: what each winner is still to receive for the client's losses.
    positions
        A JSON object with a list "positions" of {"party", "venue", "instrument", "underlying", "units"}: who
        holds what, signed, in the underlying's smallest unit. The hedges that lose what they hedged are listed.
    top_up
        Ledger units of what is available to the client that may be drawn on.
    capital
        Ledger units of the venue's own collateral that stand in; all of it, if left out.
    as_of
        The books as they were at this time, UTC seconds or ISO 8601.
    json
        Print one JSON object instead of tables.
    """
    from settlement.commands import drilling
    from settlement.commands.running import answered

    return answered(
        "client-default",
        lambda: drilling.client(database, asset, (client, venue), (owed, positions), (top_up, capital), as_of, json),
        group="drill",
    )


@DRILL.command
def venue_default(
    *,
    database: Ledger,
    asset: str,
    venue: str,
    unsettled: File,
    release_s: Position = 0,
    found: Units = None,
    as_of: Time = None,
    json: Json = False,
) -> int:
    """A venue defaults: what it posted pays the winners first, losers pay what they owe, and compartments go home.

    Where its clients have claims on a pool instead, gains are cut before principal, and all share what is there.

    Parameters
    ----------
    asset
        The settlement asset's symbol.
    unsettled
        A JSON object, signed ledger units by client: unsettled profit and loss at the declared marks.
    release_s
        Seconds from the declaration to the release of the compartments, or to the pool's paying out.
    found
        Of a pool: ledger units that are found in the omnibus; all that is booked there, if left out.
    as_of
        The books as they were at this time, UTC seconds or ISO 8601.
    json
        Print one JSON object instead of tables.
    """
    from settlement.commands import drilling
    from settlement.commands.running import answered

    return answered(
        "venue-default",
        lambda: drilling.venue(database, asset, venue, unsettled, (release_s, found), as_of, json),
        group="drill",
    )


@DRILL.command
def custodian_default(
    *,
    database: Ledger,
    asset: str,
    found: Units = None,
    trust_fails: Annotated[bool, Parameter(negative="")] = False,
    other_creditors: Position = 0,
    delay_s: Position = 0,
    as_of: Time = None,
    json: Json = False,
) -> int:
    """The custodian defaults: a successor delivers what is found, or every account recovers the same part of its claim.

    Parameters
    ----------
    asset
        The asset's symbol.
    found
        Ledger units that are found of it; what the vault should hold, if left out.
    trust_fails
        The custodian's other creditors share in what is found.
    other_creditors
        Ledger units that the custodian owes elsewhere.
    delay_s
        Seconds from the declaration until anything is delivered.
    as_of
        The books as they were at this time, UTC seconds or ISO 8601.
    json
        Print one JSON object instead of tables.
    """
    from settlement.commands import drilling
    from settlement.commands.running import answered

    return answered(
        "custodian-default",
        lambda: drilling.custodian(database, asset, found, trust_fails, (other_creditors, delay_s), as_of, json),
        group="drill",
    )


@DRILL.command
def outage(
    *,
    database: Ledger,
    began: Moment,
    ended: Moment,
    run_on: Annotated[bool, Parameter(negative="")] = False,
    bearer: str = "custodian",
    longest_s: Position = 86_400,
    json: Json = False,
) -> int:
    """The custodian cannot sign for a while: which deadline holds for each margin call, and who bears the delay.

    Parameters
    ----------
    began
        The first second without signatures, UTC seconds or ISO 8601.
    ended
        The first second with signatures again.
    run_on
        The agreement lets calls run on: the client bears what it cannot act on.
    bearer
        Who bears it where calls pause: client, venue or custodian.
    longest_s
        The longest pause that the agreement grants.
    json
        Print one JSON line per call.
    """
    from settlement.commands import outage_drill
    from settlement.commands.running import answered

    return answered(
        "outage",
        lambda: outage_drill.outage(database, (began, ended), run_on, bearer, longest_s, json),
        group="drill",
    )
