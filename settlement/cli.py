"""The `bulkhead` command. Subcommands that live further out than this package are found by their registered names.

Exit codes: 0 done, 1 refused or failed, 2 bad usage, 130 interrupted.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points, version

from cyclopts import App, CycloptsError

from settlement.commands.actions import ACTIONS
from settlement.commands.breaking import BREAKS
from settlement.commands.collateral import COLLATERAL
from settlement.commands.custody import CUSTODY
from settlement.commands.drill import DRILL
from settlement.commands.keeping import KEYS
from settlement.commands.ledger import LEDGER
from settlement.commands.margin import MARGIN
from settlement.commands.mirroring import mirror
from settlement.commands.proving import PROVE
from settlement.commands.reconciling import RECONCILE
from settlement.commands.serving import serve
from settlement.commands.settling import SETTLEMENT
from settlement.commands.signing import sign
from settlement.commands.stress import STRESS
from settlement.commands.venue_trading import venue
from settlement.commands.verifying import VERIFY

GROUP = "bulkhead.commands"


def build() -> App:
    """The command with all its subcommands. Their modules are light: the work is imported when it is run."""
    app = App(
        name="bulkhead",
        help="Off-exchange custody and settlement of on-chain derivatives, whole, on one machine.",
        version=version("bulkhead"),
        suppress_keyboard_interrupt=False,
    )
    app.command(ACTIONS)
    app.command(BREAKS)
    app.command(LEDGER)
    app.command(COLLATERAL)
    app.command(CUSTODY)
    app.command(DRILL)
    app.command(MARGIN)
    app.command(KEYS)
    app.command(SETTLEMENT)
    app.command(mirror)
    app.command(venue)
    app.command(serve)
    app.command(sign)
    app.command(STRESS)
    app.command(PROVE)
    app.command(RECONCILE)
    app.command(VERIFY)
    for entry in sorted(entry_points(group=GROUP), key=lambda found: found.name):
        app.command(entry.load(), name=entry.name)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    try:
        status = build()(arguments, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return int(status or 0)
