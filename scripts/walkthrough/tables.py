"""The tables of the story: who takes part, what was checked after each act, and the reckoning side by side."""

from collections.abc import Callable, Mapping

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from custody.delegation import Standing
from scripts.walkthrough.cast import CLIENTS, SETTING, Client
from scripts.walkthrough.day import CrashDay
from scripts.walkthrough.others import Others
from scripts.walkthrough.reckoning import Reckoning, bearers, borne_by_others, dollars, worse_when_segregated

Row = tuple[str, Callable[[Reckoning], str]]


def cast(day: CrashDay) -> list[RenderableType]:
    """The twelve clients with what they hold and trade, and the two venues."""
    table = Table(box=box.SIMPLE, title="Twelve clients, two venues, one custodian", title_justify="left")
    table.add_column("client")
    table.add_column("who")
    for heading in ("at venues", "in reserve", "top-up mandate"):
        table.add_column(heading, justify="right")
    table.add_column("positions, coins or ounces")
    for client in CLIENTS:
        table.add_row(
            client.name, client.what, *_money(day, client), f"${client.mandate_millions}m", _positions(client)
        )
    venues = "; ".join(
        f"{venue.name} posts {dollars(venue.collateral_units)}, fund {dollars(venue.fund_units)}, "
        f"capital at stake {dollars(venue.skin_units)}" for venue in SETTING.venues.values()
    )  # fmt: skip
    return [table, Text(f"Venues: {venues}.", style="dim"), Text(_footing(), style="dim"), ""]


def _footing() -> str:
    calls = SETTING.calls
    return (
        "Equal footing: the same people, wealth, seed, prices (but for what everybody else does to them), margin "
        "(Derive's standard model with its main network's "
        f"numbers; silver's are ours), call policy (cure {calls.grace_s // 60} minutes, at once below "
        f"{calls.critical_bps // 100}% of maintenance), top-up delays and settlement times under both regimes. What is "
        "liquidated is what frees most initial margin per dollar of impact, and no more than is needed. Pooled: claims "
        "stand in the venue's omnibus account; a loss beyond a client's collateral goes to the insurance fund, the "
        "venue's capital, auto-deleveraging, the winners' gains. "
        "Segregated: collateral stands in the client's compartment; its own reserve, the guarantee line and the "
        "venue's capital pay, and what is missing then is unpaid, by name."
    )


def _money(day: CrashDay, client: Client) -> tuple[str, str]:
    desk = day.desks[Standing.SEGREGATED]
    schedule, index = desk.world.setting.schedule, desk.world.index_e6

    def worth(symbol: str, units: int) -> int:
        return schedule[symbol].worth_units(units, index[symbol])

    at_venues = sum(worth(h.asset.symbol, units) for h in client.holdings for units in h.units_at.values())
    reserve = sum(worth(h.asset.symbol, h.reserve_units) for h in client.holdings)
    return dollars(at_venues), dollars(reserve)


def _positions(client: Client) -> str:
    held = [(SETTING.instruments[number], coins) for number, coins in client.positions.items()]
    listed = (f"{coins:+,} {i.symbol.replace('20260', '260')} {i.venue[0].upper()}" for i, coins in held)
    return ", ".join(listed) or "none"


CHECKED = (
    "books balance per asset; positions sum to zero on chain and off; token supply = claims at venues; every "
    "compartment and position on chain = ledger and mirror"
)


def stock(day: CrashDay) -> list[str]:
    """Where each desk stands after an act."""
    told = []
    for standing, desk in day.desks.items():
        head, sent = desk.world.books.head(), desk.world.contracts.chain.transactions
        told.append(
            f"{standing.value}: {head.position:,} transfers (journal {head.digest.hex()[:16]}…), {sent:,} transactions"
        )
    return told


def reckoning(pooled: Reckoning, segregated: Reckoning) -> list[RenderableType]:
    """Where segregation did worse, first; then the two regimes side by side; then every client."""
    return [
        Text("Where segregation did worse", style="bold"),
        *(Text(f"  · {one.text}") for one in worse_when_segregated(pooled, segregated)),
        "",
        _side_by_side(pooled, segregated),
        _payers(pooled, segregated),
        _clients(pooled, segregated),
        Text(CAUTION, style="dim"),
    ]


CAUTION = (
    "How to read this: one draw of prices and an invented cast show what can happen, not how likely it is. Where "
    "collateral stands and who bears what differ together here: auto-deleveraging spares the book, so the pooled venue "
    "sells less into it and its winners pay in closed positions instead. The share of custody alone needs a comparison "
    "of matched cells, which this walkthrough does not make."
)


def everybody_else(others: Mapping[Standing, Others]) -> list[RenderableType]:
    """What the other accounts did meanwhile, from the contagion engine."""
    if not others:
        return [
            "",
            Text("Nobody else is simulated: the event does not state thirty hours around its low.", style="dim"),
        ]
    table = Table(box=box.SIMPLE, title="Everybody else, thirty hours around the low", title_justify="left")
    table.add_column("")
    for standing in others:
        table.add_column(standing.value, justify="right")
    rows: tuple[tuple[str, Callable[[Others], str]], ...] = (
        ("accounts with positions, represented", lambda one: f"{one.represented / 1e6:.2f}m"),
        ("of them simulated", lambda one: f"{one.record.accounts:,}"),
        ("accounts liquidated", lambda one: f"{round(one.record.accounts_liquidated, -3) / 1e6:.2f}m"),
        ("forced sales and purchases", lambda one: f"${one.record.liquidated_usd / 1e9:.1f}bn"),
        ("… of positions that were long", lambda one: f"{one.record.long_share:.0%}"),
        ("bitcoin at its lowest, from the beginning", lambda one: f"{one.record.low_price_ratio - 1:+.1%}"),
        ("a market breaks (a step beyond 20%)", lambda one: "yes" if one.record.supercritical else "no"),
    )
    for name, figure in rows:
        table.add_row(name, *(figure(one) for one in others.values()))
    how = (
        "One draw under start values that were fitted to February in sample (`bulkhead stress assumptions`); what it "
        "adds to prices is in the twelve clients' prices above. Tallies told of $2.6bn and 580,000 traders; dollars "
        "are taken for a part of what was closed. How sure that is: `bulkhead stress calibrate | decompose | phase`."
    )
    return ["", table, Text(how, style="dim")]


def _side_by_side(pooled: Reckoning, segregated: Reckoning) -> Table:
    rows: tuple[Row, ...] = (
        ("collateral reachable without the venue, at the low", lambda r: dollars(r.reachable_at_low_units)),
        ("… of collateral standing at venues then", lambda r: dollars(r.at_venues_at_low_units)),
        ("owed by venues without security, at the low", lambda r: dollars(r.unsecured_at_low_units)),
        ("margin calls", lambda r: f"{r.total('calls'):,}"),
        ("liquidations begun", lambda r: f"{r.total('liquidations'):,}"),
        ("forced sales", lambda r: dollars(r.total("liquidated_units"))),
        ("losses beyond collateral, borne by others", lambda r: dollars(borne_by_others(r))),
        ("uninvolved clients: gains forgone or unpaid", lambda r: dollars(r.total("innocent_loss_units"))),
        ("uninvolved clients: less than in the other regime", lambda r: dollars(r.behind_units)),
        ("cost: custody fees", lambda r: dollars(r.total("fees_units"))),
        ("cost: unsettled gains at their peak", lambda r: dollars(r.unsettled_peak_units)),
        ("clients' worth at the end", lambda r: dollars(r.total("worth_units"))),
        ("calls elsewhere met with outside cash", lambda r: dollars(r.outside_cash_units)),
        ("settlement cycles, paid", lambda r: f"{r.cycles:,}, {dollars(r.paid_units)}"),
        ("ledger transfers", lambda r: f"{r.transfers:,}"),
        ("transactions, gas without deployment", lambda r: f"{r.transactions:,}, {r.gas_in_use:,}"),
        ("checks passed", lambda r: f"{r.checks:,}"),
        ("cycles published, compartments proven covered", _proven),
    )
    table = Table(box=box.SIMPLE, title="Side by side", title_justify="left")
    table.add_column("")
    table.add_column("pooled", justify="right")
    table.add_column("segregated", justify="right")
    for name, figure in rows:
        table.add_row(name, figure(pooled), figure(segregated))
    return table


def _proven(regime: Reckoning) -> str:
    """Of a pool nothing of the kind can be shown (`settlement.desk.covering`)."""
    shown = f"{regime.cycles_published:,}, {regime.compartments_proven:,}"
    return shown if regime.standing is Standing.SEGREGATED else "–"


def _payers(pooled: Reckoning, segregated: Reckoning) -> RenderableType:
    """Every payer of losses that a client could not bear, those who forwent or went without included."""
    borne = [bearers(pooled), bearers(segregated)]
    if not any(borne):
        return Text("No loss went beyond a client's collateral.\n")
    table = Table(box=box.SIMPLE, title="Who bore the losses beyond collateral", title_justify="left")
    table.add_column("")
    table.add_column("pooled", justify="right")
    table.add_column("segregated", justify="right")
    for name in sorted(borne[0].keys() | borne[1].keys()):
        table.add_row(name, *(dollars(by.get(name, 0)) for by in borne))
    return table


def _clients(pooled: Reckoning, segregated: Reckoning) -> Table:
    table = Table(box=box.SIMPLE, title="Client by client, at the last prices", title_justify="left")
    table.add_column("client")
    for heading in ("worth, pooled", "worth, segregated", "difference"):
        table.add_column(heading, justify="right")
    table.add_column("involved")
    for name, account in segregated.clients.items():
        other = pooled.clients[name]
        involved = {(True, True): "both", (True, False): "pooled", (False, True): "segregated", (False, False): "no"}
        table.add_row(
            name,
            dollars(other.worth_units),
            dollars(account.worth_units),
            dollars(account.worth_units - other.worth_units),
            involved[other.breached, account.breached],
        )
    return table
