"""Options of `bulkhead custody observe` and `observe-exit`: what was seen on chain, told to the custodian."""

from settlement.commands.options import At, Count, Json, Ledger, Setting


def observe(
    deposit: str,
    *,
    database: Ledger,
    setting: Setting,
    party: str,
    asset: str,
    units: Count,
    reference: str,
    at: At = None,
    json: Json = False,
) -> int:
    """Record that a deposit was seen on chain; it counts once it is deep enough.

    Parameters
    ----------
    deposit
        An id derived from the fact: transaction, log and block.
    party
        Whose it is: client/NAME or venue/NAME.
    asset
        The asset's symbol.
    units
        Ledger units.
    reference
        The transaction.
    json
        Print one JSON line.
    """
    from settlement.commands import custody_intake
    from settlement.commands.running import answered, now_s

    seen = custody_intake.Seen(deposit, party, asset, units, reference)
    return answered(
        "observe",
        lambda: custody_intake.observe(database, setting, seen, now_s() if at is None else at, json),
        group="custody",
    )


def observe_exit(
    name: str,
    *,
    database: Ledger,
    setting: Setting,
    party: str,
    venue: str,
    asset: str,
    units: Count,
    reference: str,
    at: At = None,
    json: Json = False,
) -> int:
    """Record that a holder was seen to leave a compartment alone; no lien and no halt stops what has happened.

    It is available once the chain tells that its claims are burned: custody tell NAME confirm --by chain.

    Parameters
    ----------
    name
        An id derived from the fact: transaction, log and block.
    party
        Who has left: client/NAME.
    venue
        The venue that it has left.
    asset
        The asset's symbol.
    units
        Ledger units: all that was in the compartment.
    reference
        The transaction.
    json
        Print one JSON line.
    """
    from settlement.commands import custody_intake
    from settlement.commands.running import answered, now_s

    seen = custody_intake.Seen(name, party, asset, units, reference, venue)
    return answered(
        "observe-exit",
        lambda: custody_intake.observe(database, setting, seen, now_s() if at is None else at, json),
        group="custody",
    )
