"""From a table of the file to a value: which fields each kind of row has, and nothing else.

What a row says about itself is checked here; how rows fit together is checked in `consistency`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar

from margin.scenarios import events
from margin.scenarios.hours import CALENDARS
from margin.scenarios.prices import Bar, Extreme, Point, PricedAsset
from margin.scenarios.table import Table

T = TypeVar("T")

_FULL_BPS = 10_000
_MOST_BPS = 100_000
_MOST_DELAY_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A value and the table it was read from, so that a later check can still say the line."""

    table: Table
    value: T


class _Stated(TypedDict):
    at_s: int
    title: str
    text: str
    figure: str
    source: str
    confidence: str
    time_confidence: str


def read_asset(table: Table) -> PricedAsset:
    """Read an [[asset]]."""
    hours = table.choice("hours", CALENDARS)
    asset = PricedAsset(
        symbol=table.text("symbol"),
        title=table.text("title"),
        tick_e6=table.price_e6("tick"),
        hours=next(calendar for calendar in CALENDARS if calendar == hours),
        correlation_to_btc_bps=table.integer("correlation_to_btc_bps", -_FULL_BPS, _FULL_BPS),
        beta_to_btc_bps=_optional(table, "beta_to_btc_bps", lambda key: table.integer(key, -_MOST_BPS, _MOST_BPS)),
        daily_vol_bps=table.integer("daily_vol_bps", 1, _MOST_BPS),
        source=table.text("source"),
        confidence=table.choice("confidence", events.CONFIDENCES),
    )
    table.finish()
    return asset


def read_bar(table: Table) -> Bar:
    """Read a [[bar]]; open, high, low and low_at may be left out, and then are not stated."""
    bar = Bar(
        asset=table.text("asset"),
        start_s=table.time_s("start"),
        end_s=table.time_s("end"),
        open_e6=_optional(table, "open", table.price_e6),
        high_e6=_optional(table, "high", table.price_e6),
        low_e6=_optional(table, "low", table.price_e6),
        close_e6=table.price_e6("close"),
        low_at_s=_optional(table, "low_at", table.time_s),
        source=table.text("source"),
        confidence=table.choice("confidence", events.CONFIDENCES),
    )
    table.finish()
    return bar


def read_point(table: Table) -> Point:
    """Read a [[point]]."""
    confidence = table.choice("confidence", events.CONFIDENCES)
    point = Point(
        asset=table.text("asset"),
        at_s=table.time_s("at"),
        price_e6=table.price_e6("price"),
        extreme=_optional(table, "extreme", lambda key: _extreme(table, key)),
        source=table.text("source"),
        confidence=confidence,
        time_confidence=_time_confidence(table, confidence),
    )
    table.finish()
    return point


def read_event(table: Table) -> events.AnyEvent:
    """Read an [[event]] or a [[context]]; its kind says which further fields it has."""
    kind = table.choice("kind", _READERS)
    confidence = table.choice("confidence", events.CONFIDENCES)
    stated = _Stated(
        at_s=table.time_s("at"),
        title=table.text("title"),
        text=table.text("text"),
        figure=table.text("figure"),
        source=table.text("source"),
        confidence=confidence,
        time_confidence=_time_confidence(table, confidence),
    )
    event = _READERS[kind](table, stated)
    table.finish()
    return event


def _optional(table: Table, key: str, read: Callable[[str], T]) -> T | None:
    if table.has(key):
        return read(key)
    table.read.add(key)
    return None


def _extreme(table: Table, key: str) -> Extreme:
    return "high" if table.choice(key, ("high", "low")) == "high" else "low"


def _time_confidence(table: Table, confidence: str) -> str:
    """An instant is as sure as its figure unless the row says otherwise."""
    stated = _optional(table, "time_confidence", lambda key: table.choice(key, events.CONFIDENCES))
    return confidence if stated is None else stated


def _news(_table: Table, stated: _Stated) -> events.AnyEvent:
    return events.News(**stated)


def _rates_moved(table: Table, stated: _Stated) -> events.AnyEvent:
    return events.RatesMoved(
        **stated,
        market=table.text("market"),
        yield_change_bps_e3=table.scaled("yield_change_bps", 3),
        yen_change_bps_e3=table.scaled("yen_change_bps", 3),
    )


def _margin_stepped(table: Table, stated: _Stated) -> events.AnyEvent:
    return events.MarginStepped(
        **stated,
        exchange=table.choice("exchange", events.EXCHANGES),
        asset=table.text("asset"),
        from_bps=table.integer("from_bps", 1, _FULL_BPS),
        to_bps=table.integer("to_bps", 1, _FULL_BPS),
        effective_at_s=table.time_s("effective_at"),
    )


def _opening_delayed(table: Table, stated: _Stated) -> events.AnyEvent:
    return events.OpeningDelayed(
        **stated,
        exchange=table.choice("exchange", events.EXCHANGES),
        opens_at_s=table.time_s("opens_at"),
        delay_s=table.integer("delay_s", 1, _MOST_DELAY_S),
    )


def _depth_changed(table: Table, stated: _Stated) -> events.AnyEvent:
    return events.DepthChanged(**stated, depth_bps=table.integer("depth_bps", 1, _MOST_BPS))


def _shares_moved(table: Table, stated: _Stated) -> events.AnyEvent:
    return events.SharesMoved(**stated, asset=table.text("asset"))


_READERS: dict[str, Callable[[Table, _Stated], events.AnyEvent]] = {
    events.News.kind: _news,
    events.RatesMoved.kind: _rates_moved,
    events.MarginStepped.kind: _margin_stepped,
    events.OpeningDelayed.kind: _opening_delayed,
    events.DepthChanged.kind: _depth_changed,
    events.SharesMoved.kind: _shares_moved,
}
