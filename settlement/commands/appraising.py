"""`bulkhead collateral value`: what each asset counts for, and why not for more."""

from collections.abc import Callable, Sequence

from custody.appraisal import Appraisal, appraise
from custody.collateral import BPS
from custody.prices import PriceRefusal
from custody.schedule import Editions, ScheduleError
from custody.valuation import Line
from settlement.commands.appraisal_input import USD, asked_in, editions_in
from settlement.commands.fields import InputError
from settlement.commands.printing import Row, date, print_json, print_line, print_rows, printable
from settlement.commands.running import DONE, FAILED
from settlement.commands.schedule_listing import percent

_CENTS = 2


def value(file: str, schedules: Sequence[str], as_json: bool, now_s: Callable[[], int]) -> int:
    """What the holdings in a file count for; FAILED where an asset counts for nothing by a refusal.

    `now_s` is asked where the file names no time. InputError for a file that cannot be read.
    """
    found = appraised(file, editions_in(schedules), now_s)
    if as_json:
        print_json(_answer(found))
    else:
        _tell(found)
    return FAILED if found.valuation.refused else DONE


def appraised(file: str, editions: Editions, now_s: Callable[[], int]) -> Appraisal:
    """The appraisal that a file asks for; InputError for what cannot be read, or for a time before any edition."""
    asked = asked_in(file)
    at_s = now_s() if asked.at_s is None else asked.at_s
    try:
        return appraise(editions, asked.venue, asked.holdings, asked.quotes, at_s)
    except ScheduleError as error:
        raise InputError(f"--schedule: {error}") from error


def _answer(found: Appraisal) -> Row:
    return {
        "venue": found.venue,
        "at_s": found.at_s,
        "effective_at_s": found.edition.effective_at_s,
        "collateral_units": str(found.valuation.collateral_units),
        "market_units": str(found.valuation.market_units),
        "unit": "1e-6 USD",
        "lines": [_line(found, line) for line in found.valuation.lines],
    }


def _line(found: Appraisal, line: Line) -> Row:
    eligible, guarded = found.edition.schedule.get(line.asset), found.guarded.get(line.asset)
    return {
        "asset": line.asset,
        "scale": eligible.asset.scale if eligible else None,
        "units": str(line.units),
        "price_e6": None if line.refusal else str(line.price_e6),
        "confidence_bps": guarded.confidence_bps if guarded else None if line.refusal else BPS,
        "haircut_bps": line.haircut_bps,
        "market_units": str(line.market_units),
        "over_units": str(line.over_units),
        "over_share_units": str(line.over_share_units),
        "counted_units": str(line.counted_units),
        "refusal": line.refusal or None,
        "retry_may_succeed": line.refusal in tuple(PriceRefusal),
        "used": [quote.source for quote in guarded.used] if guarded else [],
        "left_out": dict(guarded.left_out) if guarded else {},
    }


def _tell(found: Appraisal) -> None:
    print_line(
        f"at {printable(found.venue)}, {date(found.at_s)}, under the schedule in force from "
        f"{date(found.edition.effective_at_s)}: {usd(found.valuation.collateral_units)} USD of collateral, "
        f"{usd(found.valuation.market_units)} USD at market"
    )
    columns = ("asset", "units", "price", "market", "haircut", "over_limit", "over_share", "counts_for", "why_not")
    rows = [_for_people(line) for line in found.valuation.lines]
    print_rows(columns, rows, amounts=columns[1:-1], as_json=False)
    for line in found.valuation.lines:
        if guarded := found.guarded.get(line.asset):
            used = ", ".join(f"{quote.source} {USD.format(quote.price_e6)}" for quote in guarded.used) or "nobody"
            without = "".join(f"; {name} left out: {reason.replace('_', ' ')}" for name, reason in guarded.left_out)
            print_line(printable(f"{line.asset}: {used}{without}"))


def _for_people(line: Line) -> Row:
    return {
        "asset": line.asset,
        "units": line.units,
        "price": "" if line.refusal else USD.format(line.price_e6),
        "market": "" if line.refusal else usd(line.market_units),
        "haircut": percent(line.haircut_bps),
        "over_limit": usd(line.over_units),
        "over_share": usd(line.over_share_units),
        "counts_for": usd(line.counted_units),
        "why_not": line.refusal.replace("_", " "),
    }


def usd(units: int) -> str:
    """1e-6 USD as dollars and cents; the rest is dropped."""
    return USD.format(units, _CENTS)
