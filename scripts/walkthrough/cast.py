"""Who takes part and with what. Every figure is an assumption [A], and the same for both regimes.

Whole coins and dollars are written out; `millions` and `coins` turn them into ledger units. Nothing in this file
depends on how collateral stands.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from custody.collateral import Eligible
from custody.money import Asset
from margin.calls import CallPolicy
from margin.instruments import Instrument, Kind
from margin.liquidation_rule import LiquidationRule
from margin.parameter_file import read_parameters
from margin.standard_parameters import StandardParameters
from settlement.desk.setting import Setting, VenueTerms

USDC, BTC, ETH = Asset("USDC", 6, 6), Asset("BTC", 8, 8), Asset("ETH", 9, 18)
MERIDIAN, HALYARD = "meridian", "halyard"
FEB_EXPIRY_S = int(datetime(2026, 2, 27, 8, tzinfo=UTC).timestamp())


def millions(dollars: int | str) -> int:
    """Millions of dollars, a whole number or a decimal text, in 1e-6 USD."""
    return int(Decimal(dollars) * 10**12)


# -- what is traded ----------------------------------------------------------------------------------------------------

LISTED = (
    Instrument(1, MERIDIAN, "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000),
    Instrument(2, MERIDIAN, "ETH-PERP", Kind.PERP, "ETH", 100, 10_000),
    Instrument(3, MERIDIAN, "BTC-20260227-80000-P", Kind.PUT, "BTC", 1_000, 10_000, 80_000 * 10**6, FEB_EXPIRY_S),
    Instrument(4, MERIDIAN, "BTC-20260227-100000-C", Kind.CALL, "BTC", 1_000, 10_000, 100_000 * 10**6, FEB_EXPIRY_S),
    Instrument(11, HALYARD, "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000),
    Instrument(12, HALYARD, "ETH-PERP", Kind.PERP, "ETH", 100, 10_000),
    Instrument(13, HALYARD, "SOL-PERP", Kind.PERP, "SOL", 10, 10_000),
    Instrument(14, HALYARD, "XAG-PERP", Kind.PERP, "XAG", 10, 1_000),
)

DEPTH_MILLIONS = {1: 18, 2: 9, 3: 2, 4: 2, 11: 18, 12: 9, 13: 3, 14: 5}
"""Ordinary one-sided depth per 1% at the venue: about 4% of the aggregate books of specs/contagion.md §16."""


def margin_numbers() -> StandardParameters:
    """Derive's of its main network, and the walkthrough's own for silver, which Derive does not list."""
    listed, own = (read_parameters(name).srm for name in ("mainnet", str(Path(__file__).with_name("silver.toml"))))
    if listed is None or own is None:
        raise ValueError("a parameter file of the walkthrough has no standard margin")
    return StandardParameters(listed.depeg, {**listed.markets, **own.markets})


SETTING = Setting(
    venues={
        MERIDIAN: VenueTerms(MERIDIAN, millions(25), millions(3), millions(2)),
        HALYARD: VenueTerms(HALYARD, millions(25), millions(2), millions(1)),
    },
    # Haircuts: start values of specs/contagion.md §16. The settlement asset is drawn on first.
    schedule={"USDC": Eligible(USDC, 200), "BTC": Eligible(BTC, 1_000), "ETH": Eligible(ETH, 1_500)},
    settlement_asset="USDC",
    instruments={instrument.id: instrument for instrument in LISTED},
    margin=margin_numbers(),
    depth_units={number: millions(depth) for number, depth in DEPTH_MILLIONS.items()},
    calls=CallPolicy(grace_s=3_600, critical_bps=5_000),
    liquidation=LiquidationRule(slice_bps=2_000, small_units=millions("0.1")),
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


# -- who trades --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holding:
    """A client's collateral in ledger units of an asset: what is kept in reserve, and what stands at each venue."""

    asset: Asset
    reserve_units: int
    units_at: dict[str, int]


@dataclass(frozen=True, slots=True)
class Broker:
    """A book elsewhere: `units` (ounces, index points) of an asset, margined at `rate_bps`, checked daily at `hour`."""

    asset: str
    units: int
    rate_bps: int
    hour: int


@dataclass(frozen=True, slots=True)
class Client:
    """One institution. `positions` in coins by instrument; `mandate_millions` may be topped up without asking."""

    name: str
    what: str
    holdings: tuple[Holding, ...]
    positions: dict[int, int]
    mandate_millions: int
    brokers: tuple[Broker, ...] = ()


def cash(reserve: int | str, **at: int | str) -> Holding:
    """Millions of dollars of the settlement asset: in reserve, and at venues."""
    return Holding(USDC, millions(reserve), {venue: millions(amount) for venue, amount in at.items()})


def coins(asset: Asset, reserve: int, **at: int) -> Holding:
    """Whole coins: in reserve, and at venues."""
    scale = 10**asset.scale
    return Holding(asset, reserve * scale, {venue: amount * scale for venue, amount in at.items()})


CLIENTS = (
    Client("long_fund", "long-only crypto fund, levered", (cash(9, meridian=15),), {1: 600}, 6),
    Client(
        "basis_hedger",
        "long on one venue, short on the other",
        (cash(4, meridian=7, halyard=7),),
        {1: -500, 11: 500},
        25,
    ),
    Client(
        "option_writer",
        "sells puts and calls, hedges with futures",
        (cash(4, meridian=12),),
        {3: -600, 4: -300, 1: -150},
        4,
    ),
    Client(
        "market_maker",
        "quotes both venues, small inventory",
        (cash(5, meridian=8, halyard=8),),
        {1: 120, 2: 1_500, 11: -150, 13: 20_000},
        4,
    ),
    Client(
        "silver_fund",
        "long silver on crypto collateral, and on CME",
        (coins(BTC, 35, halyard=60), cash("1.5", halyard=2)),
        {14: 500_000},
        3,
        (Broker("XAG", 300_000, 900, 19),),
    ),
    Client(
        "carry_fund",
        "borrows yen, holds JGBs and ether",
        (cash(5, meridian=4), coins(ETH, 200, meridian=600)),
        {2: 6_000},
        4,
    ),
    Client(
        "treasury",
        "company with bitcoin on its balance sheet, part hedged",
        (coins(BTC, 1_000), cash(5, meridian=3)),
        {1: -200},
        5,
    ),
    Client(
        "retail_aggregator",
        "app that places its customers' longs",
        (cash(4, halyard=12),),
        {11: 200, 12: 3_000, 13: 60_000},
        4,
    ),
    Client(
        "macro_fund",
        "multi-strategy: shares, gold and crypto",
        (cash(8, meridian=8),),
        {1: 200, 2: 3_000},
        4,
        (Broker("NDX", 6_000, 2_500, 21), Broker("XAU", 800_000, 600, 19)),
    ),
    Client(
        "miner", "sells forward what it will mine", (coins(BTC, 120, halyard=40), cash(1, halyard=1)), {11: -250}, 5
    ),
    Client("credit_fund", "cash waiting for a trade, no position", (cash(5, meridian=10, halyard=5),), {}, 0),
    Client("commodity_house", "physical silver and base metals, hedged", (cash(4, halyard=16),), {14: -300_000}, 8),
)


# -- what they do without being forced ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """A trade that a client had planned, in coins (signed), at a time (UTC)."""

    at_s: int
    client: str
    instrument: int
    coins: int


def _utc(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


ORDERS = (
    # Pyramiding: the silver fund adds to what has gained, the week before it breaks.
    Order(_utc("2026-01-26T14:00"), "silver_fund", 14, 300_000),
    Order(_utc("2026-01-28T16:00"), "silver_fund", 14, 200_000),
)

JGB_MILLIONS, JGB_DURATION, YEN_MILLIONS = 120, 14, 100
"""The carry fund's 20-year bonds (value, modified duration) and the yen that it borrowed, in millions of dollars."""

LME_RECEIPT_UNITS = millions("0.6")
"""What the commodity house's base-metal book pays out each day at the opening of the exchange."""

DELEVERAGE_BPS = 3_000
"""The share of its crypto that the macro fund sells when its shares make a call that its cash cannot meet."""
