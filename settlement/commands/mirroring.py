"""`bulkhead mirror`: its options. The engine is imported when it is run."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from settlement.commands.options import Ledger, whole_number

Count = Annotated[int, Parameter(converter=whole_number, validator=Number(gte=0))]
Port = Annotated[int, Parameter(converter=whole_number, validator=Number(gte=0, lte=65_535))]


def mirror(
    *,
    database: Ledger,
    simulate: Annotated[bool, Parameter(negative="")] = False,
    rpc_url: Annotated[str, Parameter(name="--rpc-url")] = "",
    port: Annotated[Port | None, Parameter(name="--port")] = None,
    seconds: Count = 0,
    seed: Count = 1,
) -> int:
    """Mirror a venue's positions to the chain and settle its cycles, until Ctrl-C; each step is a line.

    With --simulate the venue is one of our own with a crowd that trades, on a fresh deployment: a ledger that is made
    for it, and an anvil that lives as long as the command unless --rpc-url names one. A desk of real venues is run by
    `python -m settlement.engine FILE`, which describes it.

    Parameters
    ----------
    simulate
        Deploy, and trade at a simulated venue.
    rpc_url
        An anvil that runs already: whoever starts has money there for the asking.
    port
        Serve the API for reading on this port of the loopback; 0 takes a free one.
    seconds
        Stop by itself after so long; 0: never.
    seed
        What the crowd draws from.
    """
    from settlement.commands.mirroring_work import mirrored
    from settlement.commands.running import answered

    return answered("mirror", lambda: mirrored(database, rpc_url, simulate, port, seconds, seed), group="")
