"""The event that a run tells: packaged or a file of the user's own, candles in its place, and fit for the cast."""

from pathlib import Path

from margin.scenarios.candles import asset_of, read_candles, replace_bars
from margin.scenarios.scenario import Scenario, load_scenario, packaged
from scripts.walkthrough.cast import CLIENTS, SETTING
from scripts.walkthrough.day import VOLATILITY_INDEX


class UsageError(Exception):
    """Options that do not make sense, together or with what they name."""


def event_of(name: str, candles: tuple[str, ...]) -> Scenario:
    """The scenario of this name or file, with the user's candles in place of its bars.

    Raises ScenarioError and CandleError for what cannot be read, UsageError for what the cast cannot live through.
    """
    own_file = name.endswith(".toml") or "/" in name
    event = load_scenario(Path(name)) if own_file else packaged(name)
    for given in candles:
        asset, _, file = given.rpartition("=")
        path = Path(file)
        bars = read_candles(path, asset or None)
        event = replace_bars(event, asset or asset_of(path), bars)
    _require_prices(name, event)
    _require_cycles(name, event)
    return event


def _require_prices(name: str, event: Scenario) -> None:
    traded = {instrument.underlying for instrument in SETTING.instruments.values()}
    held = SETTING.schedule.keys() - {SETTING.settlement_asset}
    elsewhere = {broker.asset for client in CLIENTS for broker in client.brokers}
    needed = traded | held | elsewhere | {VOLATILITY_INDEX}
    if missing := sorted(needed - {asset.symbol for asset in event.assets}):
        raise UsageError(f"{name} states no prices of {', '.join(missing)}, which the clients of the day trade or hold")


def _require_cycles(name: str, event: Scenario) -> None:
    """Every cut-off must be a moment of the event, and the moment after it must lie behind the dispute window."""
    if SETTING.cycle_s % event.step_s or event.step_s < SETTING.window_s:
        raise UsageError(
            f"{name} has steps of {event.step_s} s: needed is a divisor of {SETTING.cycle_s} s, the settlement cycle, "
            f"of {SETTING.window_s} s or more, the dispute window"
        )
    if event.end_s - event.start_s < SETTING.cycle_s:
        raise UsageError(
            f"{name} lasts {event.end_s - event.start_s} s: needed is a settlement cycle, {SETTING.cycle_s} s"
        )
