"""`bulkhead venue`: its options. What it runs is imported when it is run."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.mirroring import Count, Port
from settlement.commands.options import Ledger


def venue(
    *,
    database: Ledger,
    settings: Path,
    rpc_url: Annotated[str, Parameter(name="--rpc-url")] = "",
    port: Port = 0,
    seconds: Count = 0,
    seed: Count = 1,
) -> int:
    """Run a simulated venue with a crowd that trades, on a fresh deployment, for a desk in another process.

    Writes the desk's settings; then `bulkhead mirror --settings FILE` with the same ledger mirrors and settles it.

    Parameters
    ----------
    settings
        Where to write the desk's settings; the file must not be there yet.
    rpc_url
        An anvil that runs already; without it one lives as long as this command.
    port
        Of the venue's server on the loopback; 0 takes a free one.
    seconds
        Stop by itself after so long; 0: never.
    seed
        What the crowd draws from.
    """
    from settlement.commands.running import answered
    from settlement.commands.venue_trading_work import traded

    return answered("venue", lambda: traded(database, settings, rpc_url, port, seconds, seed), group="")
