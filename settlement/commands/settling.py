"""`bulkhead settlement`: what the engine does with cycles and disputes. Help comes without loading any of it."""

from cyclopts import App

SETTLEMENT = App(
    name="settlement",
    help="Settlement cycles and disputes: how they go from state to state.",
    version_flags=(),
)


@SETTLEMENT.command
def lifecycles(*, name: str = "") -> int:
    """Print the tables of states and acts, as they are run: who acts, when, what the ledger does, what is told.

    Parameters
    ----------
    name
        Only settlement or dispute.
    """
    from settlement.commands.fields import chosen
    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.cycle_states import described
    from settlement.cycle_table import TABLES

    def work() -> int:
        for noun in [chosen("--name", name, TABLES)] if name else list(TABLES):
            print_line(f"### {noun}\n")
            for line in described(TABLES[noun], noun):
                print_line(line)
            print_line("")
        return DONE

    return answered("lifecycles", work, group="settlement")
