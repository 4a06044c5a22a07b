"""`bulkhead ledger`: the group and its subcommands. Only their options are imported here, so help comes at once.

Amounts are whole ledger units everywhere; in JSON they are strings, for JSON's numbers are doubles.
"""

import re

from cyclopts import App, CycloptsError, CycloptsPanel
from rich.panel import Panel

from settlement.commands.ledger_reading import accounts, balances, statement, transfers, trial_balance, verify
from settlement.commands.ledger_writing import backup, close_accounts, expire, open_accounts, post, restore

_ADDRESS = re.compile(r"\w+://.*", re.DOTALL)


def _complaint(error: CycloptsError) -> Panel:
    """A wrong command line, repeated without the address that may stand in it: it could hold a password."""
    return CycloptsPanel(_ADDRESS.sub("(an address)", str(error)))


LEDGER = App(
    name="ledger",
    help="The custodian's books, in a file or on a server: open accounts, post, look, verify, copy.",
    version_flags=(),
    error_formatter=_complaint,
)
for command in (
    open_accounts, post, expire, close_accounts,
    accounts, balances, transfers, statement, trial_balance, verify, backup, restore,
):  # fmt: skip
    LEDGER.command(command)
