"""`bulkhead stress`: what segregation changes in a crash. Help comes without loading any of it."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.stress_comparing import decompose, footing
from settlement.commands.stress_effecting import effect
from settlement.commands.stress_searching import calibrate, phase, sweep

STRESS = App(
    name="stress",
    help="A crash day minute by minute with up to millions of accounts, under a regime of custody, calls and losses.",
    version_flags=(),
)

for search in (calibrate, sweep, phase, footing, decompose, effect):
    STRESS.command(search)

Set = Annotated[list[str] | None, Parameter(name="--set", negative=())]
Reproduced = Annotated[list[int] | None, Parameter(name="--reproduction", negative=())]


@STRESS.command
def run(
    *, scenario: str = "feb_2026", regime: str = "pooled_instant,segregated_grace", accounts: int = 100_000,
    seed: int = 1, minutes: int = 1440, changes: Set = None, assumptions: str = "", out: str = "",
    reproduction: Reproduced = None, json: bool = False,
) -> int:  # fmt: skip
    """Run one day under one regime, or several with a comma between them: the same accounts, prices and draws.

    Parameters
    ----------
    scenario
        A packaged event, or a file of one.
    regime
        Names or cells, as `stress regimes` lists them.
    accounts
        How many are simulated; they stand for as many as the assumptions say.
    seed
        Of everything that is drawn.
    minutes
        From 5 February 00:20 on, or from the scenario's beginning.
    changes
        NAME=VALUE, as `stress assumptions` lists them; may be given more than once.
    assumptions
        A file of your own, complete, in the packaged one's form.
    out
        A folder for run.json, run.html and the series by the minute (as Parquet too with bulkhead[parquet]).
    reproduction
        A minute at which R_t is found by selling a little more; may be given more than once.
    json
        One record a line.
    """
    from settlement.commands.stress_running import Asked, run_regimes

    asked = Asked(scenario, accounts, seed, minutes, tuple(changes or ()), assumptions, out, tuple(reproduction or ()))
    return run_regimes(asked, regime.split(","), json)


@STRESS.command
def regimes(*, json: bool = False) -> int:
    """List the regimes and the factorial, with what cannot be; the digest fixes the table before any run.

    Parameters
    ----------
    json
        One line a cell.
    """
    from settlement.commands.stress_listing import list_regimes

    return list_regimes(json)


@STRESS.command
def assumptions(*, file: str = "", json: bool = False) -> int:
    """List every number that a run starts from, with unit, mark, source and the range to sweep.

    Parameters
    ----------
    file
        Of your own; the packaged ones otherwise.
    json
        One line a number.
    """
    from settlement.commands.stress_listing import list_assumptions

    return list_assumptions(file, json)
