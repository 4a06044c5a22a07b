"""`bulkhead stress`: what segregation changes in a crash. Help comes without loading any of it."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.stress_comparing import decompose, footing
from settlement.commands.stress_costs import costs
from settlement.commands.stress_effecting import BarOrder, effect
from settlement.commands.stress_own import book, schema
from settlement.commands.stress_searching import calibrate, phase, sweep

STRESS = App(
    name="stress",
    help="A crash day minute by minute with up to millions of accounts, under a regime of custody, calls and losses.",
    version_flags=(),
)

for one in (calibrate, sweep, phase, footing, decompose, effect, costs, schema, book):
    STRESS.command(one)

Set = Annotated[list[str] | None, Parameter(name="--set", negative=())]
Reproduced = Annotated[list[int] | None, Parameter(name="--reproduction", negative=())]

Files = Annotated[list[str] | None, Parameter(negative=())]


@STRESS.command
def run(
    *, scenario: str = "feb_2026", regime: str = "pooled_instant,segregated_grace", accounts: str = "100000",
    seed: int = 1, minutes: int | None = None, changes: Set = None, assumptions: str = "", weight: float | None = None,
    shock: str = "", candles: Files = None, waterfall: str = "", venue: Files = None, by_account: str = "",
    out: str = "", reproduction: Reproduced = None, order: BarOrder = "drawn", json: bool = False,
) -> int:  # fmt: skip
    """Run one day under one regime, or several with a comma between them: the same accounts, prices and draws.

    Parameters
    ----------
    scenario
        A packaged event, or a file of one.
    regime
        Names or cells, as `stress regimes` lists them.
    accounts
        How many are drawn, standing for as many as the assumptions say; or a file of your own, CSV or Parquet, as
        `stress schema accounts` describes it and `stress book` writes one.
    seed
        Of everything that is drawn.
    minutes
        From 5 February 00:20 on, or from the scenario's beginning: 1440, or as many as a shock has.
    changes
        NAME=VALUE, as `stress assumptions` lists them; may be given more than once.
    assumptions
        A file of your own, complete, in the packaged one's form.
    weight
        How many each account of your own file stands for; 1 where it is not said.
    shock
        A file of your own, CSV or Parquet, of prices or returns by the minute, as `stress schema shock` describes it.
    candles
        FILE or ASSET=FILE of exchange candles in place of what the scenario states of an asset; more than once.
    waterfall
        Who pays for losses, in the place of what a regime says: a name or a file, as `margin waterfalls` has them.
    by_account
        A file to be written, .csv or .parquet: what became of every account under every regime.
    venue
        A TOML file of a venue of your own, as `stress schema venue` describes it, or binance_2021: the largest venue
        with the tiers that Binance asked of BTCUSDT in 2021; may be given more than once.
    out
        A folder for run.json, run.html and the series by the minute (as Parquet too with bulkhead[parquet]).
    reproduction
        A minute at which R_t is found by selling a little more; may be given more than once.
    order
        Whether the low or the high of an hour comes first where no source says; drawn for each hour otherwise.
    json
        One record a line; what is to be known before is told on standard error.
    """
    from settlement.commands.stress_asking import Asked
    from settlement.commands.stress_running import run_regimes

    asked = Asked(
        scenario, accounts, seed, minutes, tuple(changes or ()), assumptions, weight, shock, tuple(candles or ()),
        waterfall, tuple(venue or ()), by_account, out, tuple(reproduction or ()), order,
    )  # fmt: skip
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
