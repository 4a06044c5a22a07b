"""`bulkhead ledger`: the group and its subcommands. Only their options are imported here, so help comes at once.

Amounts are whole ledger units everywhere; in JSON they are strings, for JSON's numbers are doubles.
"""

from cyclopts import App

from settlement.commands.ledger_reading import accounts, balances, statement, transfers, trial_balance, verify
from settlement.commands.ledger_writing import backup, open_accounts, post, restore

LEDGER = App(
    name="ledger", help="The custodian's books in a file: open accounts, post, look, verify, copy.", version_flags=()
)
for command in (
    open_accounts, post, accounts, balances, transfers, statement, trial_balance, verify, backup, restore
):  # fmt: skip
    LEDGER.command(command)
