"""`bulkhead custody`: the group and its subcommands. Only their options are imported here, so help comes at once."""

from cyclopts import App

from settlement.commands.custody_drafting import draft
from settlement.commands.custody_liens import LIEN, halt, liens, resume
from settlement.commands.custody_reading import events, lifecycles, movements, status, verify
from settlement.commands.custody_seeing import observe, observe_exit
from settlement.commands.custody_writing import submit, tell, tick

CUSTODY = App(
    name="custody",
    help="The custodian: movements of collateral, what they wait for, and what comes to them from outside.",
    version_flags=(),
)
for command in (status, movements, events, lifecycles, verify, observe, observe_exit, draft, submit, tell, tick):
    CUSTODY.command(command)
for keeping in (liens, halt, resume):
    CUSTODY.command(keeping)
CUSTODY.command(LIEN)
