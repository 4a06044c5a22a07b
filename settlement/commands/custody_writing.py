"""Options of the `bulkhead custody` subcommands that write: one call to the custodian each."""

from pathlib import Path

from settlement.commands.options import At, Json, Ledger, Position, Setting


def submit(
    instruction: Path, *, database: Ledger, setting: Setting, rpc_url: str = "", at: At = None, json: Json = False
) -> int:
    """Hand in a signed instruction; without its quorum the movement waits for more signatures.

    Parameters
    ----------
    instruction
        A file with the instruction and its signatures, as `bulkhead sign` writes it.
    rpc_url
        A node of the custodian's chain: asked, at one block, whether the contracts that sign by ERC-1271 did.
    json
        Print one JSON line.
    """
    from settlement.commands import custody_intake
    from settlement.commands.node_opening import with_node
    from settlement.commands.running import answered, now_s

    at_s = now_s() if at is None else at

    def work() -> int:
        return custody_intake.submit(database, setting, instruction, rpc_url, at_s, json)

    return answered("submit", lambda: with_node("custody submit", rpc_url, work), group="custody")


def tell(
    movement: str,
    act: str,
    *,
    database: Ledger,
    setting: Setting,
    by: str,
    reference: str = "",
    confirmations: Position = 0,
    at: At = None,
    json: Json = False,
) -> int:
    """Record what a venue, the chain or the custodian's own desk did about a movement; the same again changes nothing.

    Parameters
    ----------
    movement
        Its id.
    act
        confirm, drop, acknowledge, release, refuse, decline, send or fail.
    by
        Who says it: chain, custodian or venue/NAME; what is not theirs to say is refused.
    reference
        The evidence, such as a transaction, or the reason.
    confirmations
        Of a deposit that is confirmed: how many there are.
    json
        Print one JSON line.
    """
    from settlement.commands import custody_intake
    from settlement.commands.running import answered, now_s

    said = (reference, confirmations, by)
    return answered(
        "tell",
        lambda: custody_intake.tell(database, setting, movement, act, said, now_s() if at is None else at, json),
        group="custody",
    )


def tick(*, database: Ledger, setting: Setting, at: At = None, json: Json = False) -> int:
    """Let time pass: what is overdue is decided by silence, what was blocked is looked at again.

    Parameters
    ----------
    json
        Print one JSON line per movement that went on.
    """
    from settlement.commands import custody_intake
    from settlement.commands.running import answered, now_s

    return answered(
        "tick",
        lambda: custody_intake.tick(database, setting, now_s() if at is None else at, json),
        group="custody",
    )
