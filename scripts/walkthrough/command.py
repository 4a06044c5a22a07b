"""`bulkhead crash-day`: its options. What it does is imported when it is run, so that help comes at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

SEED = 2026


def whole_number(_kind: object, tokens: Sequence[Token]) -> int:
    """An int written as one; the default would cut 1.5 down to 1."""
    return int(tokens[0].value)


WholeNumber = Annotated[int, Parameter(converter=whole_number)]


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for."""

    seed: int
    scenario: str
    candles: tuple[str, ...]
    out: Path | None
    pace_s: float
    json: bool
    rpc_url: str
    port: int


def crash_day(
    *,
    seed: WholeNumber = SEED,
    scenario: str = "feb_2026",
    candles: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    out: Path | None = None,
    pace: Annotated[float, Parameter(name="--pace")] = 0.0,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    rpc_url: str = "",
    port: WholeNumber = 0,
) -> int:
    """Tell 20 January to 6 February 2026 on a real ledger and a real chain, pooled and segregated side by side.

    Parameters
    ----------
    seed
        Draws the prices between the stated ones; the same seed tells the same story to the byte.
    scenario
        The name of a packaged event, or a TOML file of your own.
    candles
        Replay a CSV of OHLCV bars instead of drawn prices: FILE, or ASSET=FILE. Can be given for several assets.
    out
        Write result.json, transcript.txt, report.html and the two ledgers into this folder.
    pace
        Rest this many seconds after each told moment, for a live demonstration.
    json
        Print the result as JSON instead of the story.
    rpc_url
        Use a fresh anvil that runs at this address instead of starting one.
    port
        The port for the anvil that is started; 0 takes a free one.
    """
    from scripts.walkthrough.run import run

    return run(Options(seed, scenario, candles, out, pace, json, rpc_url, port))
