"""A user's own venue: one TOML file, every key by name, none guessed and none passed over."""

from pathlib import Path

from margin.contagion.assumptions import Assumptions
from margin.contagion.inputs.cells import Column
from margin.contagion.regimes import Call
from margin.contagion.venues import Venue
from margin.estimates import BPS
from margin.scenarios.document import read_document
from margin.scenarios.hours import CALENDARS
from margin.scenarios.table import Table

PPM_A_BP = 100
MOST_LEVERAGE = 1_000
MOST_USD = 100_000_000_000

KEYS = (
    Column("name", "text", "as the accounts of a book name it"),
    Column(
        "replaces", "name", "of the venue that it stands for: venue_1 to venue_4, the largest first", "one more venue"
    ),
    Column("insurance_fund", "$", "a decimal number in quotes"),
    Column("capital", "$", "skin in the game, a decimal number in quotes"),
    Column("call", "word", "what follows a breach: instant, or grace with call.grace_s", "the regime's"),
    Column("hours", "calendar", f"when it takes orders: {', '.join(CALENDARS)}", "always"),
    Column("liquidation_fee_bps", "bp", "of notional, from who is liquidated to the fund, if it has it left", "0"),
    Column("largest_leverage", "1", "an account of a book that starts with more is refused", "none"),
    Column("[[instrument]] symbol", "symbol", "one that it trades; it trades no others"),
    Column("[[instrument]] maintenance_bps", "bp", "of notional, at the start"),
)


def read_venue(path: Path, a: Assumptions) -> tuple[Venue, str]:
    """The venue in a file, and the one that it replaces or "". Raises ScenarioError with file, line and key."""
    document = read_document(path)
    document.require_only(["instrument"])
    top = document.top
    name = top.text("name")
    fund, capital = _usd(top, "insurance_fund"), _usd(top, "capital")
    replaced = top.text("replaces") if top.has("replaces") else ""
    call = Call(top.choice("call", list(Call))) if top.has("call") else None
    hours = top.choice("hours", CALENDARS) if top.has("hours") else CALENDARS[0]
    fee_bps = top.integer("liquidation_fee_bps", 0, BPS) if top.has("liquidation_fee_bps") else 0
    leverage = top.integer("largest_leverage", 1, MOST_LEVERAGE) if top.has("largest_leverage") else 0
    top.read.update(("replaces", "call", "hours", "liquidation_fee_bps", "largest_leverage"))
    if "instrument" not in document.tables:
        raise top.error("instrument", "at least one [[instrument]] with symbol and maintenance_bps")
    top.finish()
    rates = dict.fromkeys((one.symbol for one in a.instruments), 0)
    for row in document.tables["instrument"]:
        symbol = row.choice("symbol", rates)
        if rates[symbol]:
            raise row.error("symbol", "each instrument once")
        rates[symbol] = row.integer("maintenance_bps", 1, BPS) * PPM_A_BP
        row.finish()
    calendar = next(one for one in CALENDARS if one == hours)
    return Venue(name, tuple(rates.values()), fund, capital, call, calendar, fee_bps, leverage), replaced


def _usd(top: Table, key: str) -> int:
    """µ$."""
    units = top.scaled(key, 6)
    if not 0 <= units <= MOST_USD * 10**6:
        raise top.error(key, f'from "0" to "{MOST_USD}"')
    return units
