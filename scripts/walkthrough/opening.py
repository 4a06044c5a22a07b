"""The evening before: contracts deployed, books opened, collateral brought and delegated, positions taken over."""

from pathlib import Path

from custody.accounts import Account, Chart
from custody.books import Books
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from custody.delegation import Standing
from custody.transfers import Reason
from scripts.walkthrough.cast import CLIENTS, SETTING, Client, millions
from settlement.contracts import Plan
from settlement.deployment import deploy
from settlement.desk import Desk, World
from settlement.keys import signer_of
from settlement.mirror import FUND, HOUSE, Mirror
from settlement.node import Node
from settlement.records import DESK

BALANCE_WEI = 10**24
BEFORE_S = 7_200
"""How long before the first price everything is brought in; the node's first block is as old."""


def open_desk(standing: Standing, folder: Path, node: Node, start_s: int, index_e6: dict[str, int]) -> Desk:
    """A desk with its own ledger file, contracts and mirrors, and every client's collateral in place."""
    operator = signer_of(f"operator/{standing.value}")
    node.rpc("anvil_setBalance", operator.address, hex(BALANCE_WEI))
    assets = tuple(eligible.asset for eligible in SETTING.schedule.values())
    venues = {venue: signer_of(f"venue/{venue}") for venue in SETTING.venues}
    traded = tuple(SETTING.instruments.values())
    plan = Plan(assets, venues, signer_of("custodian"), SETTING.window_s, traded)
    contracts = deploy(node, operator, plan)
    database = open_database(folder / f"ledger-{standing.value}.sqlite", schemas=(LEDGER, CUSTODIAN, DESK))
    books = Books(database)
    books.open_accounts(_accounts(standing))
    instruments = SETTING.instruments
    world = World(
        standing,
        SETTING,
        database,
        books,
        contracts,
        Mirror(instruments),
        {v: Mirror(instruments) for v in SETTING.venues},
    )
    desk = Desk.over(world)
    desk.fees.clients = tuple(client.name for client in CLIENTS)
    world.now_s, world.index_e6 = start_s - BEFORE_S, dict(index_e6)
    for venue, terms in SETTING.venues.items():
        desk.collateral.funding.open_venue(venue, {HOUSE: terms.collateral_units, FUND: terms.fund_units})
    for client in CLIENTS:
        _bring_in(desk, client)
    world.now_s = start_s - BEFORE_S // 2
    desk.collateral.arrive()
    head, transactions = books.head().position, contracts.chain.transactions
    world.tell("opened", postings=(1, head), transfers=head, transactions=transactions, vault=contracts.vault)
    return desk


def take_positions(desk: Desk) -> None:
    """Every client's opening positions, at the first marks, against the house."""
    world = desk.world
    for client in CLIENTS:
        for number, coins in client.positions.items():
            instrument = world.setting.instruments[number]
            buyer, seller = (client.name, HOUSE) if coins > 0 else (HOUSE, client.name)
            lots = abs(coins) * instrument.lots_per_coin
            world.trade(instrument, buyer, seller, lots, world.marks_e6[number], "opening")


def _bring_in(desk: Desk, client: Client) -> None:
    start_s = desk.world.now_s + BEFORE_S // 2
    desk.margin.mandates[client.name] = millions(client.mandate_millions)
    for holding in client.holdings:
        asset = holding.asset.symbol
        desk.collateral.bring(client.name, asset, holding.reserve_units + sum(holding.units_at.values()), "opening")
        for venue, units in holding.units_at.items():
            if units > desk.collateral.delegable(client.name, asset):
                raise ValueError(f"{client.name} would delegate more {asset} than its haircut allows")
            desk.collateral.delegate(client.name, venue, asset, units, start_s, Reason.DELEGATION)


def _accounts(standing: Standing) -> list[Account]:
    accounts = []
    for symbol in SETTING.schedule:
        chart = Chart(symbol)
        accounts += [chart.vault(), chart.fees(), chart.suspense()]
        for venue in SETTING.venues:
            accounts += [chart.venue_collateral(venue), chart.venue_settlement(venue), *_venue(standing, chart, venue)]
        for client in CLIENTS:
            accounts.append(chart.available(client.name))
            accounts += [_backing(standing, chart, client.name, venue) for venue in SETTING.venues]
    return accounts


def _venue(standing: Standing, chart: Chart, venue: str) -> list[Account]:
    if standing is Standing.POOLED:
        return [chart.insurance(venue), chart.omnibus(venue), chart.pool(venue)]
    return [chart.guarantee(venue)]


def _backing(standing: Standing, chart: Chart, client: str, venue: str) -> Account:
    return chart.claim(client, venue) if standing is Standing.POOLED else chart.delegated(client, venue)
