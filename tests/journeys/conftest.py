"""A small desk on a real ledger file and a real node: one venue, three clients, one perpetual, round figures.

`picture` says everything that the books, the chain and the mirror hold; a journey takes one before and one after each
step and states the whole difference, so that what it does not name is thereby unchanged.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from custody.accounts import Account, Chart
from custody.books import Books
from custody.collateral import Eligible
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from custody.delegation import Standing, collateral_account
from custody.money import Asset
from custody.transfers import Reason
from margin.calls import CallPolicy
from margin.fixed import Fixed
from margin.instruments import Instrument, Kind
from margin.liquidation_rule import LiquidationRule
from margin.parameter_file import read_parameters
from settlement.contracts import Plan
from settlement.deployment import deploy
from settlement.desk import Desk, Setting, VenueTerms, World
from settlement.happenings import Happening
from settlement.keys import signer_of
from settlement.mirror import FUND, HOUSE, Mirror
from settlement.node import Node
from settlement.postings import OMNIBUS, party_account
from settlement.records import DESK

START_S = 1_769_000_000 + 7_200
STEP_S = 600
USD = 10**6
VENUE, PERP = "harbour", 1
CLIENTS = ("bystander", "hedger", "maker")
USDC, BTC = Asset("USDC", 6, 6), Asset("BTC", 8, 8)

MARGIN = read_parameters("mainnet").srm
assert MARGIN is not None

SETTING = Setting(
    venues={VENUE: VenueTerms(VENUE, 500_000 * USD, 30_000 * USD, 30_000 * USD)},
    schedule={"USDC": Eligible(USDC, 200), "BTC": Eligible(BTC, 1_000)},
    settlement_asset="USDC",
    instruments={PERP: Instrument(PERP, VENUE, "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000)},
    margin=MARGIN,
    depth_units={PERP: 10**9 * USD},
    calls=CallPolicy(grace_s=3_600, critical_bps=5_000),
    liquidation=LiquidationRule(slice_bps=2_000, small_units=1_000 * USD),
    penalty_bps=50,
    permanent_impact_bps=3_000,
    conversion_spread_bps=10,
    top_up_buffer_bps=2_500,
    top_up_delay_s=1_200,
    move_delay_s=3_600,
    cycle_s=4 * 3_600,
    window_s=300,
    custody_fee_bps_year=20,
)

QUAY, QUAY_PERP = "quay", 2
TWO_VENUES = replace(
    SETTING,
    venues={**SETTING.venues, QUAY: VenueTerms(QUAY, 500_000 * USD, 30_000 * USD, 30_000 * USD)},
    instruments={
        **SETTING.instruments,
        QUAY_PERP: Instrument(QUAY_PERP, QUAY, "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000),
    },
    depth_units={PERP: 10**9 * USD, QUAY_PERP: 10**9 * USD},
)

Picture = dict[str, int]


@dataclass
class Harbour:
    """The desk with its hands: time and prices move, clients act, everything can be looked at."""

    desk: Desk
    node: Node
    heard: list[Happening] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.desk.world

    def see(self, after_s: int, btc: int) -> None:
        """Move on by so many seconds, bitcoin now worth so many dollars."""
        now_s = self.world.now_s + after_s
        self.node.move_to(now_s)
        self.desk.see(now_s, {"USDC": USD, "BTC": btc * USD}, Fixed.of("0.5"))

    def work(self, *, cut_off: bool = False) -> list[Happening]:
        """One step of the desk, and what happened in it and since the last."""
        self.desk.work(cut_off=cut_off)
        told = list(self.world.happenings)
        self.world.happenings.clear()
        self.heard += told
        return told

    def bring(self, client: str, dollars: int, delegate: int, mandate: int = 0) -> None:
        """A deposit, part of it delegated at once."""
        self.desk.margin.mandates[client] = mandate * USD
        self.desk.collateral.bring(client, "USDC", dollars * USD)
        if delegate:
            self.delegate(client, delegate)

    def delegate(self, client: str, dollars: int, ready_s: int = 0) -> None:
        ready_s = self.world.now_s + ready_s
        self.desk.collateral.delegate(client, VENUE, "USDC", dollars * USD, ready_s, Reason.DELEGATION)
        self.desk.collateral.arrive()

    def trade(self, client: str, coins: int) -> None:
        """Against the house at the mark; a positive number is bought."""
        world, instrument = self.world, SETTING.instruments[PERP]
        buyer, seller = (client, HOUSE) if coins > 0 else (HOUSE, client)
        world.trade(instrument, buyer, seller, abs(coins) * 1_000, world.marks_e6[PERP], "order")

    def settle(self, btc: int) -> list[Happening]:
        """A cut-off, the window, and the payment at an unchanged price."""
        self.see(STEP_S, btc)
        self.work(cut_off=True)
        self.see(STEP_S, btc)
        return self.work()

    def picture(self) -> Picture:
        """Balances and holds in dollars and satoshis, compartments on chain, lots on chain, unsettled P&L."""
        world, seen = self.world, {}
        for account, totals in world.books.all_totals().items():
            seen[account] = totals.balance
            seen[f"{account} held"] = totals.debits_pending
        for party in (HOUSE, FUND, OMNIBUS, *CLIENTS):
            holder, at = world.holder_address(party, VENUE), world.venue_address(VENUE)
            for symbol, eligible in SETTING.schedule.items():
                seen[f"chain {symbol} {party}"] = world.contracts.compartment(eligible.asset, holder, at)
            (seen[f"lots {party}"],) = world.contracts.positions_of([(holder, PERP)])
            seen[f"due {party}"] = world.mirror.unsettled_units(VENUE, party, world.marks_e6)
        seen["messages sent"] = world.contracts.chain.transactions
        return seen

    def changed_since(self, before: Picture, *, but: str = "messages sent") -> Picture:
        """What is different now, and by how much; the number of messages is left to those who ask for it."""
        now = self.picture()
        keys = before.keys() | now.keys()
        moved = {key: now.get(key, 0) - before.get(key, 0) for key in keys if key != but}
        return {key: by for key, by in moved.items() if by}

    def at_venue(self, client: str) -> str:
        """The account in which a client's collateral at the venue is written."""
        return collateral_account(self.world.standing, Chart("USDC"), client, VENUE).id

    @property
    def fund(self) -> str:
        return party_account(self.world.standing, Chart("USDC"), VENUE, FUND).id

    @property
    def house(self) -> str:
        return Chart("USDC").venue_collateral(VENUE).id


def accounts(standing: Standing, setting: Setting = SETTING) -> list[Account]:
    """The books of the setting's venues and three clients."""
    opened = []
    parties = (HOUSE, FUND, *CLIENTS, *((OMNIBUS,) if standing is Standing.POOLED else ()))
    for chart in map(Chart, setting.schedule):
        opened += [chart.vault(), chart.fees(), chart.suspense(), *(chart.available(client) for client in CLIENTS)]
        for venue in setting.venues:
            opened += [chart.venue_settlement(venue)]
            opened += [party_account(standing, chart, venue, party) for party in parties]
            opened += [chart.pool(venue)] if standing is Standing.POOLED else []
    return opened


def opened(standing: Standing, folder: Path, node: Node, stack: ExitStack, setting: Setting = SETTING) -> Harbour:
    """A desk whose venues have posted their collateral and their funds; clients have brought nothing yet."""
    operator = signer_of("operator")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    venues = {venue: signer_of(f"venue/{venue}") for venue in setting.venues}
    traded = tuple(setting.instruments.values())
    plan = Plan((USDC, BTC), venues, signer_of("custodian"), 300, traded)
    contracts = deploy(node, operator, plan)
    database = open_database(folder / "ledger.sqlite", schemas=(LEDGER, CUSTODIAN, DESK))
    stack.callback(database.close)
    books = Books(database)
    books.open_accounts(accounts(standing, setting))
    mirrors = Mirror(setting.instruments), {venue: Mirror(setting.instruments) for venue in setting.venues}
    desk = Desk.over(World(standing, setting, database, books, contracts, *mirrors))
    harbour = Harbour(desk, node)
    harbour.world.now_s = START_S - STEP_S
    harbour.see(STEP_S, 100_000)
    for venue, terms in setting.venues.items():
        desk.collateral.funding.open_venue(venue, {HOUSE: terms.collateral_units, FUND: terms.fund_units})
    return harbour


@pytest.fixture
def open_harbour(tmp_path: Path, node: Node) -> Iterator[Callable[[Standing], Harbour]]:
    with ExitStack() as stack:
        yield lambda standing: opened(standing, tmp_path, node, stack)


@pytest.fixture
def two_venues(tmp_path: Path, node: Node) -> Iterator[Harbour]:
    """The same desk with a second venue, segregated."""
    with ExitStack() as stack:
        yield opened(Standing.SEGREGATED, tmp_path, node, stack, TWO_VENUES)


@pytest.fixture(params=Standing, ids=lambda standing: standing.value)
def harbour(request: pytest.FixtureRequest, open_harbour: Callable[[Standing], Harbour]) -> Harbour:
    """The desk, once for each way in which collateral may stand."""
    return open_harbour(request.param)


@pytest.fixture
def busy(harbour: Harbour) -> Harbour:
    """A desk in the middle of its work: two clients with positions, one without, one cycle paid; everything holds."""
    for client in CLIENTS:
        harbour.bring(client, 300_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.trade("maker", -4)
    harbour.work()
    harbour.settle(99_000)
    harbour.desk.audit.after_act()
    return harbour
