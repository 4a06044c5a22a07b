"""A user's own venue: one TOML file, every key by name, none guessed and none passed over.

Venues that come with the package are files of the same form, `venue_NAME.toml`: what an exchange has published.
"""

from pathlib import Path

from margin.contagion.assumptions import Assumptions
from margin.contagion.inputs.cells import Column
from margin.contagion.regimes import Call
from margin.contagion.tiered import EXPECTED, PPM_A_BP, TierError, Tiers, tiers_in
from margin.contagion.venues import Venue
from margin.estimates import BPS
from margin.scenarios.document import read_document
from margin.scenarios.hours import CALENDARS
from margin.scenarios.table import Table

_FOLDER = Path(__file__).parents[1]
MOST_LEVERAGE = 1_000
MOST_USD = 100_000_000_000

KEYS = (
    Column("name", "text", "as the accounts of a book name it"),
    Column(
        "replaces", "name", "of the venue that it stands for: venue_1 to venue_4, the largest first", "one more venue"
    ),
    Column("insurance_fund", "$", "a decimal number in quotes", "with replaces: its part of all venues'"),
    Column("capital", "$", "skin in the game, in quotes; given with insurance_fund, and not alone", "the same"),
    Column("call", "word", "what follows a breach: instant, or grace with call.grace_s", "the regime's"),
    Column("hours", "calendar", f"when it takes orders: {', '.join(CALENDARS)}", "always"),
    Column("liquidation_fee_bps", "bp", "of notional, from who is liquidated to the fund, if it has it left", "0"),
    Column("largest_leverage", "1", "an account of a book that starts with more is refused", "none"),
    Column("[[instrument]] symbol", "symbol", "one that it trades; it trades no others"),
    Column("[[instrument]] maintenance_bps", "bp", "of notional, at the start"),
    Column(
        "[[instrument]] maintenance_tiers",
        "[$, bp]",
        'pairs, both rising: [["50000", 50]] asks 0.5% of what is above $50,000; maintenance_bps is of what is below',
        "none",
    ),
)


def venue_in(name: str, a: Assumptions) -> tuple[Venue, str]:
    """A packaged venue by name, or the one in a file. Raises ScenarioError."""
    return read_venue(_FOLDER / f"venue_{name}.toml" if name in packaged_venues() else Path(name), a)


def packaged_venues() -> tuple[str, ...]:
    return tuple(sorted(file.stem.removeprefix("venue_") for file in _FOLDER.glob("venue_*.toml")))


def read_venue(path: Path, a: Assumptions) -> tuple[Venue, str]:
    """The venue in a file, and the one that it replaces or "". Raises ScenarioError with file, line and key."""
    document = read_document(path)
    document.require_only(["instrument"])
    top = document.top
    name = top.text("name")
    replaced = top.text("replaces") if top.has("replaces") else ""
    is_part = bool(replaced) and not top.has("insurance_fund") and not top.has("capital")
    fund, capital = (None, None) if is_part else (_usd(top, "insurance_fund"), _usd(top, "capital"))
    call = Call(top.choice("call", list(Call))) if top.has("call") else None
    hours = top.choice("hours", CALENDARS) if top.has("hours") else CALENDARS[0]
    fee_bps = top.integer("liquidation_fee_bps", 0, BPS) if top.has("liquidation_fee_bps") else 0
    leverage = top.integer("largest_leverage", 1, MOST_LEVERAGE) if top.has("largest_leverage") else 0
    top.read.update(one.name for one in KEYS if not one.name.startswith("[["))
    if "instrument" not in document.tables:
        raise top.error("instrument", "at least one [[instrument]] with symbol and maintenance_bps")
    top.finish()
    rates = dict.fromkeys((one.symbol for one in a.instruments), 0)
    tiers: dict[str, Tiers] = dict.fromkeys(rates, ())
    for row in document.tables["instrument"]:
        symbol = row.choice("symbol", rates)
        if rates[symbol]:
            raise row.error("symbol", "each instrument once")
        rates[symbol] = row.integer("maintenance_bps", 1, BPS) * PPM_A_BP
        tiers[symbol] = _tiers(row, rates[symbol])
        row.finish()
    calendar = next(one for one in CALENDARS if one == hours)
    further = tuple(tiers.values()) if any(tiers.values()) else ()
    return Venue(name, tuple(rates.values()), fund, capital, call, calendar, fee_bps, leverage, further), replaced


def _tiers(row: Table, lowest_ppm: int) -> Tiers:
    row.read.add("maintenance_tiers")
    if not row.has("maintenance_tiers"):
        return ()
    try:
        return tiers_in(row.values["maintenance_tiers"], lowest_ppm)
    except TierError as error:
        raise row.error("maintenance_tiers", EXPECTED, repr(error.found)) from error


def _usd(top: Table, key: str) -> int:
    """µ$."""
    units = top.scaled(key, 6)
    if not 0 <= units <= MOST_USD * 10**6:
        raise top.error(key, f'from "0" to "{MOST_USD}"')
    return units
