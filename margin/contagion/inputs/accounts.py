"""A user's own book of accounts: what its columns are, what each row says, and what is wrong with it.

A row is a position. What belongs to an account (client, venue, collateral) or to a client (kind, stop, what it can
bring) is said in every row of it, the same each time. Where collateral is held is no column: that is the regime's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from margin.contagion.assumptions import MICRO, Assumptions, Traded
from margin.contagion.inputs.cells import Cells, Column, Row, header_faults
from margin.contagion.inputs.faults import Fault, shown
from margin.contagion.population import Kind
from margin.contagion.venues import Venue

KINDS = {kind.name.lower(): kind for kind in Kind if kind is not Kind.REST}
CASH = ("USD", "USDC", "USDT")
MOST_UNITS = 10**17
"""$100bn: what a position or an account may be worth, so that no product leaves 64 bits during a run."""
NO_POSITION = -1

COLUMNS = (
    Column("account", "text", "its name; several rows of one account are several positions of it"),
    Column("client", "text", "whose it is: what one client holds at several venues is netted where a regime nets"),
    Column("venue", "name", "where it is: venue_1 to venue_4, the largest first, or one of your own"),
    Column("instrument", "symbol", "of the position; empty, with an empty position: collateral alone", "none"),
    Column("position", "coins", "signed, above zero long; a whole number of lots", "none"),
    Column("entry_price", "$ a coin", "gains from it to the start's price are added to collateral", "the start's"),
    Column("collateral", "$", "of the account at the start, exact to a millionth"),
    Column("collateral_asset", "asset", "USD, USDC or USDT, each taken at $1; coins are not: state their value", "USD"),
    Column("kind", "name", f"one of {', '.join(KINDS)}", "retail"),
    Column("outside", "$", "what the client can bring after a call", "0"),
    Column("delay", "0 to 1", "how late it brings it, between the fastest and the slowest", "0.5"),
    Column("stop", "of equity", "the part whose loss makes it close by itself; 0 never", "0"),
    Column("enters", "of the run", "when it opens its positions, at the price of then; 0 holds them already", "0"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row that can be read; `which` is an instrument's number or NO_POSITION, money µ$, `stop_ppm` of equity."""

    number: int
    account: str
    client: str
    venue: int
    which: int
    lots: int
    gained_units: int
    collateral_units: int
    kind: Kind
    outside_units: int
    delay: float
    stop_ppm: int
    enters: float


@dataclass(frozen=True, slots=True)
class Reader:
    """What rows may name: instruments by symbol, venues by name."""

    a: Assumptions
    venues: Sequence[Venue]

    def lines(self, header: Sequence[str], rows: Sequence[Row], faults: list[Fault]) -> list[Line]:
        """Those rows that can be read; what is wrong with the others, each column of each, is added to `faults`."""
        wrong = header_faults(header, COLUMNS)
        faults += wrong
        if wrong:
            return []
        symbols = {one.symbol: number for number, one in enumerate(self.a.instruments)}
        found = (self._line(Cells(row, faults), symbols) for row in rows)
        return [line for line in found if line is not None]

    def _line(self, cells: Cells, symbols: Mapping[str, int]) -> Line | None:
        before = len(cells.faults)
        names = [one.name for one in self.venues]
        account, client, venue = cells.text("account"), cells.text("client"), cells.chosen("venue", names)
        collateral = cells.scaled("collateral", 6, "in $")
        if collateral is not None and not 0 <= collateral <= MOST_UNITS:
            cells.fault("collateral", f"expected from 0 to ${MOST_UNITS // MICRO:,}, found {collateral / MICRO:,.6f}")
        if cells.has("collateral_asset"):
            cells.chosen("collateral_asset", CASH)
        which, lots, gained = self._position(cells, symbols)
        if venue and which != NO_POSITION and not self.venues[names.index(venue)].trades(which):
            cells.fault("instrument", f"{venue} does not trade {self.a.instruments[which].symbol}")
        kind, outside = cells.chosen("kind", KINDS, "retail"), cells.scaled("outside", 6, "in $", "0")
        if outside is not None and not 0 <= outside <= MOST_UNITS:
            cells.fault("outside", f"expected from 0 to ${MOST_UNITS // MICRO:,}, found {outside / MICRO:,.6f}")
        stop = cells.scaled("stop", 6, "a part of equity", "0")
        if stop is not None and not 0 <= stop <= MICRO:
            cells.fault("stop", f"expected a part from 0 to 1, found {stop / MICRO:g}")
        delay, enters = cells.number("delay", 0.5, 0.0, 1.0), cells.number("enters", 0.0, 0.0, 1.0)
        if enters > 0.0 and cells.has("entry_price"):
            cells.fault("entry_price", "who opens during the run does so at the price of then: leave it empty")
        if len(cells.faults) > before or collateral is None or outside is None or stop is None:
            return None
        return Line(cells.row.number, account, client, names.index(venue), which, lots, gained, collateral,
                    KINDS[kind], outside, delay, stop, enters)  # fmt: skip

    def _position(self, cells: Cells, symbols: Mapping[str, int]) -> tuple[int, int, int]:
        """Instrument, lots, and what was gained since entry (µ$)."""
        if not cells.has("instrument") and not cells.has("position"):
            return NO_POSITION, 0, 0
        symbol, coins_e18 = cells.chosen("instrument", symbols), cells.scaled("position", 18, "in coins")
        if not symbol or coins_e18 is None:
            return NO_POSITION, 0, 0
        traded = self.a.instruments[symbols[symbol]]
        lots, rest = divmod(coins_e18, traded.lot_coins_e18)
        if rest or not lots:
            lot = f"{traded.lot_coins_e18 / 10**18:g} {symbol}"
            cells.fault(
                "position", f"expected a multiple of {lot}, which is one lot, and not 0, found {coins_e18 / 1e18:g}"
            )
        elif abs(lots) * traded.lot_units > MOST_UNITS:
            cells.fault("position", f"is worth more than ${MOST_UNITS // MICRO:,}: divide it among accounts")
        return symbols[symbol], lots, _gained_units(cells, lots, traded)


def _gained_units(cells: Cells, lots: int, traded: Traded) -> int:
    """What lots have gained from their entry to the start's price: µ$, exact or a fault."""
    if not cells.has("entry_price"):
        return 0
    entry_e18 = cells.scaled("entry_price", 18, "in $ a coin")
    if entry_e18 is None:
        return 0
    if entry_e18 <= 0:
        cells.fault("entry_price", f"expected a price above 0, found {entry_e18 / 1e18:g}")
    paid, rest = divmod(lots * traded.lot_coins_e18 * entry_e18 * MICRO, 10**36)
    if rest:
        cells.fault("entry_price", "makes a gain that is no whole number of millionths of a dollar")
    return lots * traded.lot_units - paid


def disagreements(lines: Sequence[Line]) -> list[Fault]:
    """Rows of one account, or of one client, that do not say the same of it; and positions that are given twice."""
    faults: list[Fault] = []
    accounts: dict[str, Line] = {}
    clients: dict[str, Line] = {}
    held: dict[tuple[str, int], Line] = {}
    for line in lines:
        first = accounts.setdefault(line.account, line)
        faults += _unlike(line, first, f"account {shown(line.account)}", ("client", "venue", "collateral_units"))
        owner = clients.setdefault(line.client, line)
        of_clients = ("kind", "outside_units", "delay", "stop_ppm", "enters")
        faults += _unlike(line, owner, f"client {shown(line.client)}", of_clients)
        other = held.setdefault((line.account, line.which), line)
        if other is not line:
            what = "this instrument" if line.which != NO_POSITION else "collateral alone"
            faults.append(Fault(line.number, "account", f"{shown(line.account)} has {what} at {other.number} already"))
    return faults


def _unlike(line: Line, first: Line, whose: str, names: Sequence[str]) -> list[Fault]:
    return [
        Fault(
            line.number,
            name.removesuffix("_units").removesuffix("_ppm"),
            f"{whose} has another one at {first.number}",
        )
        for name in names
        if getattr(line, name) != getattr(first, name)
    ]
