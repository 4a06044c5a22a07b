"""`bulkhead mirror`: its options. The engine is imported when it is run."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from settlement.commands.options import Ledger, whole_number

Count = Annotated[int, Parameter(converter=whole_number, validator=Number(gte=0))]
Port = Annotated[int, Parameter(converter=whole_number, validator=Number(gte=0, lte=65_535))]


def mirror(
    *,
    database: Ledger,
    settings: Path | None = None,
    simulate: Annotated[bool, Parameter(negative="")] = False,
    rpc_url: Annotated[str, Parameter(name="--rpc-url")] = "",
    port: Annotated[Port | None, Parameter(name="--port")] = None,
    seconds: Count = 0,
    seed: Count = 1,
) -> int:
    """Mirror venues' positions to the chain and settle their cycles, until Ctrl-C; each step is a line.

    --settings names the file that describes the desk: chain, contracts, keys (a keystore's or a token's), venues with
    their parties and instruments. Several processes with the same ledger on PostgreSQL elect one; the others stand by.
    With --simulate the venue is one of our own with a crowd that trades, on a fresh deployment: a ledger that is made
    for it, and an anvil that lives as long as the command unless --rpc-url names one. `bulkhead venue` makes such a
    venue in a process of its own, and writes the settings of its desk.

    Parameters
    ----------
    settings
        A desk's settings, in TOML.
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
    from settlement.commands.fields import InputError
    from settlement.commands.running import answered

    def work() -> int:
        if simulate == (settings is not None):
            raise InputError("--settings: expected either a desk's settings or --simulate")
        if settings is not None:
            from settlement.commands.mirroring_desk import desk_run

            return desk_run(database, settings, port, seconds)
        from settlement.commands.mirroring_work import simulated

        return simulated(database, rpc_url, port, seconds, seed)

    return answered("mirror", work, group="")
