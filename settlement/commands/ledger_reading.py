"""Options of the `bulkhead ledger` subcommands that only read; they work while somebody else has the ledger open."""

from typing import Annotated

from cyclopts import Parameter

from settlement.commands.listing import ALWAYS, FIRST, Page, Period
from settlement.commands.options import Json, Ledger, Position, Time


def accounts(*, database: Ledger, prefix: str = "", code: str = "", json: Json = False) -> int:
    """List accounts with their definitions and balances.

    Parameters
    ----------
    prefix
        Only accounts whose id begins with this.
    code
        Only accounts at this place in the chart, such as available or vault.
    json
        Print one JSON line per account; open-accounts reads them again.
    """
    from settlement.commands import reporting
    from settlement.commands.running import answered

    return answered("accounts", lambda: reporting.accounts(database, prefix, code, json))


def balances(
    *,
    database: Ledger,
    prefix: str = "",
    as_of: Time = None,
    position: Annotated[Position | None, Parameter()] = None,
    json: Json = False,
) -> int:
    """List the four counters of every account, its balance (credits less debits) and what it can still pay out.

    Parameters
    ----------
    prefix
        Only accounts whose id begins with this.
    as_of
        As they were at this time, UTC seconds or ISO 8601: all that was recorded up to it.
    position
        As they were after the transfer at this position of the journal.
    json
        Print one JSON line per account.
    """
    from settlement.commands import reporting
    from settlement.commands.running import answered

    return answered("balances", lambda: reporting.balances(database, prefix, as_of, position, json))


def transfers(
    *,
    database: Ledger,
    account: str | None = None,
    code: str = "",
    reference: str | None = None,
    reason: str = "",
    period: Period = ALWAYS,
    page: Page = FIRST,
    json: Json = False,
) -> int:
    """List transfers in journal order: those that meet every condition given, by the time of their recording.

    Parameters
    ----------
    account
        Only those that debit or credit this account.
    code
        Only those with an account at this place in the chart, such as available or vault.
    reference
        Only those with this reference.
    reason
        Only those moved for this reason, such as deposit or settlement.
    json
        Print one JSON line per transfer; post reads them again.
    """
    from settlement.commands import looking_back
    from settlement.commands.running import answered

    def work() -> int:
        asked = looking_back.query(account, code, reference, reason, period.since, period.until)
        return looking_back.transfers(database, asked, page.after, page.limit, json)

    return answered("transfers", work)


def statement(
    *,
    database: Ledger,
    account: str,
    period: Period = ALWAYS,
    csv: Annotated[bool, Parameter(name="--csv", negative="")] = False,
    json: Json = False,
) -> int:
    """Print an account's statement: opening balance, all that was recorded, closing balance.

    Parameters
    ----------
    account
        The account's id.
    csv
        Print CSV with a header, an opening and a closing line.
    json
        Print one JSON object.
    """
    from settlement.commands import looking_back
    from settlement.commands.running import answered, now_s

    end_s = now_s() + 1 if period.until is None else period.until
    return answered("statement", lambda: looking_back.statement(database, account, period.since or 0, end_s, csv, json))


def trial_balance(*, database: Ledger, json: Json = False) -> int:
    """Recount posted debits and credits per asset from the transfers; exit code 1 where they differ.

    Parameters
    ----------
    json
        Print one JSON line per asset.
    """
    from settlement.commands import reporting
    from settlement.commands.running import answered

    return answered("trial-balance", lambda: reporting.trial_balance(database, json))


def verify(*, database: Ledger, trusted: str = "", json: Json = False) -> int:
    """Walk the hash chain and recount every counter from the transfers; exit code 1 and each fault named.

    Parameters
    ----------
    trusted
        A head noted earlier, elsewhere, as POSITION:DIGEST: the history up to it must still be the same.
    json
        Print one JSON object.
    """
    from settlement.commands import reporting
    from settlement.commands.running import answered

    return answered("verify", lambda: reporting.verify(database, trusted, json))
