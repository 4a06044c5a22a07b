"""What `bulkhead serve` opens: the ledger, the setting with its assets and keys, the webhooks' secret, the socket."""

import asyncio
import sys
from contextlib import closing
from pathlib import Path

from custody.api_requests import Window
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from settlement.commands.custody_setting import setting_in
from settlement.commands.fields import InputError
from settlement.commands.printing import print_line
from settlement.commands.running import DONE, FAILED, now_s
from settlement.engine.api import Api, Writing
from settlement.engine.api_reading import Reading
from settlement.engine.presenting import Presenter
from settlement.engine.serving import serve
from settlement.records import DESK

SCHEMAS = (LEDGER, CUSTODIAN, DESK)
LEAST_BYTES = 32


def serving(place: str, setting: Path, host: str, port: int, webhook_key: Path | None) -> int:
    """Serve until a signal; FAILED where nobody can listen there."""
    known = setting_in(setting)
    master = None if webhook_key is None else master_in(webhook_key)
    with closing(open_database(place, create=False, read_only=master is None, schemas=SCHEMAS)) as database:
        reading = Reading(database, Presenter({kept.symbol: known.asset(kept.symbol) for kept in known.assets}))
        writing = None if master is None else Writing(database, known.genesis(), master, Window(now_s()))
        try:
            asyncio.run(serve(Api(reading, now_s, writing), host, port, _say))
        except OSError as why:
            sys.stderr.write(f"serve: cannot listen on {host} port {port}: {why.strerror or why}\n")
            return FAILED
    return DONE


def master_in(file: Path) -> bytes:
    """The secret in a file; InputError where it cannot be read, or is too short to be one."""
    try:
        found = file.read_bytes().strip()
    except OSError as why:
        raise InputError(f"{file}: expected a readable file, found {why.strerror or why}") from why
    if len(found) < LEAST_BYTES:
        raise InputError(f"{file}: expected at least {LEAST_BYTES} secret bytes, found {len(found)}")
    return found


def _say(address: str) -> None:
    print_line(f"listening on {address}")
    sys.stdout.flush()
