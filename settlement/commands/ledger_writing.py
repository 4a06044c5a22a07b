"""Options of the `bulkhead ledger` subcommands that write."""

from typing import Annotated

from cyclopts import Parameter

from settlement.commands.options import Count, Json, Ledger, LedgerFile, Source

BATCH = 8_190
"""Lines a set: beyond it a line costs no less, and more of them wait for their answer."""


def open_accounts(*, database: Ledger, source: Source, json: Json = False) -> int:
    """Open accounts from JSON lines {"id", "asset", "code", "limit"}; a ledger that is not there is made.

    All of them or none: one that is open under another definition stops the whole file.

    Parameters
    ----------
    source
        A file of JSON lines, - for standard input.
    json
        Print one JSON object instead of a sentence.
    """
    from settlement.commands import posting
    from settlement.commands.running import answered

    return answered("open-accounts", lambda: posting.open_accounts(database, source, json))


def post(*, database: Ledger, source: Source, batch: Count = BATCH, json: Json = False) -> int:
    """Post transfers from JSON lines, in order, linked chains all or none; exit code 1 if any was refused.

    A line has the fields id, debit_account, credit_account, amount, reason and, where needed, kind, pending_id, linked,
    reference, occurred_at_s, expires_at_s. What is printed is on disk. The same file posted again changes nothing.

    Parameters
    ----------
    source
        A file of JSON lines, - for standard input.
    batch
        Lines in one durable transaction; more where a linked chain would be cut.
    json
        Print one JSON line per transfer instead of the refused ones and a summary.
    """
    from settlement.commands import posting
    from settlement.commands.running import answered, now_s

    return answered("post", lambda: posting.post(database, source, batch, json, now_s))


def close_accounts(*accounts: str, database: Ledger, json: Json = False) -> int:
    """Close accounts that are empty, for good; exit code 1 if any was refused, 0 if all are closed, now or before.

    Parameters
    ----------
    accounts
        The accounts' ids.
    json
        Print one JSON line per account.
    """
    from settlement.commands import closing
    from settlement.commands.running import answered, now_s

    return answered("close-accounts", lambda: closing.close_accounts(database, accounts, json, now_s))


def expire(*, database: Ledger, json: Json = False) -> int:
    """Void every pending transfer whose time has run out, and list what was voided.

    Parameters
    ----------
    json
        Print one JSON line per transfer.
    """
    from settlement.commands import closing
    from settlement.commands.running import answered, now_s

    return answered("expire", lambda: closing.expire(database, json, now_s))


def backup(
    *,
    database: LedgerFile,
    to: str,
    replace: Annotated[bool, Parameter(name="--replace", negative="")] = False,
    json: Json = False,
) -> int:
    """Copy the ledger to another file while it may be in use; the copy is verified before it gets its name.

    A ledger on a PostgreSQL server is copied with pg_dump instead.

    Parameters
    ----------
    to
        The file of the backup.
    replace
        Allow an earlier backup of that name to be replaced.
    json
        Print one JSON object instead of a sentence.
    """
    from settlement.commands import copying
    from settlement.commands.running import answered

    return answered("backup", lambda: copying.back_up(database, to, replace, json))


def restore(*, database: LedgerFile, source: Annotated[str, Parameter(name="--from")], json: Json = False) -> int:
    """Make a ledger from a backup, verified before and after; never over a file that is there already.

    A ledger on a PostgreSQL server is brought back with pg_restore instead.

    Parameters
    ----------
    source
        The file of the backup.
    json
        Print one JSON object instead of a sentence.
    """
    from settlement.commands import copying
    from settlement.commands.running import answered

    return answered("restore", lambda: copying.bring_back(source, database, json))
