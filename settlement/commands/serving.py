"""`bulkhead serve`: its options. The server is imported when it is run."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from settlement.commands.options import Ledger, Setting, whole_number

Port = Annotated[int, Parameter(converter=whole_number, validator=Number(gte=0, lte=65_535))]


def serve(
    *,
    database: Ledger,
    setting: Setting,
    host: str = "127.0.0.1",
    port: Port = 8_080,
    webhook_key: Annotated[Path | None, Parameter(name="--webhook-key")] = None,
) -> int:
    """Serve cycles, obligations, disputes, live mirrored balances and events over HTTP; see /openapi.json.

    Without --webhook-key the ledger is only read, whoever writes it meanwhile. With it webhooks can be registered, and
    are delivered: the ledger is then open for writing, which a SQLite file is for one program at a time.

    Parameters
    ----------
    host
        Where to listen. Reading needs no signature: think before it is another than this machine's own.
    port
        0 takes a free one; the address is printed.
    webhook_key
        A file with at least 32 secret bytes, from which every endpoint's secret is derived.
    """
    from settlement.commands.running import answered
    from settlement.commands.serving_work import serving

    return answered("serve", lambda: serving(database, setting, host, port, webhook_key), group="")
