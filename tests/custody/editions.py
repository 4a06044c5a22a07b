"""Editions of a small schedule, and quotes for it, as several tests want them."""

from dataclasses import replace

from custody.collateral import Eligible
from custody.money import Asset
from custody.prices import PriceRule, Quote, Source
from custody.schedule import Edition

DAY_S = 86_400
NOW_S = 1_760_000_000
COINS = 10**6
"""Ledger units of a coin of USDC and of USDe, and a dollar in 1e-6 USD."""

NAMES = ("coinbase", "gemini", "kraken", "okx", "issuer redemption")
RULE = PriceRule(tuple(Source(name, (name,) if " " not in name else ()) for name in NAMES), 3, 1, 60, 300)
USDC = Eligible(Asset("USDC", 6, 6), 200)
USDE = Eligible(Asset("USDe", 6, 18), 2_000, price=RULE)
BTC = Eligible(Asset("BTC", 8, 8), 1_000, price=RULE)

FIRST = Edition(
    NOW_S - 20 * DAY_S, NOW_S - 10 * DAY_S, 7 * DAY_S, DAY_S, "USDC", {"USDC": USDC, "USDe": USDE, "BTC": BTC}
)


def following(earlier: Edition, in_days: int, **terms: Eligible | None) -> Edition:
    """An edition announced at NOW_S that takes effect `in_days` later, with these terms; None takes an asset out."""
    schedule = {symbol: terms.get(symbol, eligible) for symbol, eligible in earlier.schedule.items()}
    left = {symbol: eligible for symbol, eligible in schedule.items() if eligible is not None}
    return replace(earlier, announced_at_s=NOW_S, effective_at_s=NOW_S + in_days * DAY_S, schedule=left)


def quotes(at_s: int, **prices: float) -> list[Quote]:
    """What all sources say of these assets, in dollars."""
    return [Quote(asset, name, round(price * 10**6), at_s) for asset, price in prices.items() for name in NAMES]
