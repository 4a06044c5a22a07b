"""Names, numbers and sub-ids of one listing, all ways; and what cannot be listed."""

from dataclasses import replace

import pytest

from margin.instruments import Kind
from settlement.venues.registry import ListingError, Registry, Terms
from tests.settlement.venues.listing import CALL, ETH, OPTIONS, PERPS, REGISTRY

TERMS = Terms(1, "ETH-20270625-6000-C", OPTIONS, 100, 10_000)


def test_names_numbers_and_sub_ids_lead_to_one_instrument() -> None:
    one = Registry.of("harbour", [replace(TERMS, asset=OPTIONS.upper().replace("X", "x"))])
    found = one.named("ETH-20270625-6000-C")
    assert (found.sub_id, found.kind, found.strike_e6) == (39614083834112546398585885568, Kind.CALL, 6_000_000_000)
    assert found.expires_at_s == 1_813_910_400
    assert one.numbered(1) is one.by_sub_id[OPTIONS, found.sub_id] is found
    assert one.assets == {1: OPTIONS}
    perp = REGISTRY.numbered(ETH)
    assert REGISTRY.by_sub_id[PERPS, 0] is perp is REGISTRY.named("ETH-PERP")
    assert REGISTRY.numbered(CALL).underlying == "ETH"


@pytest.mark.parametrize(("listed", "why"), [
    ([TERMS, replace(TERMS, name="ETH-PERP")], "twice"),
    ([TERMS, replace(TERMS, number=2, asset=PERPS)], "twice"),
    ([replace(TERMS, name="ETH-PERP"), replace(TERMS, number=2, name="BTC-PERP")], "twice"),
    ([replace(TERMS, name="ETH-USDC")], "spot"),
    ([replace(TERMS, name="ETH")], "is no ASSET"),
    ([replace(TERMS, name="ETH-20270625-06000-C")], "is written ETH-20270625-6000-C"),
    ([replace(TERMS, name="ETH-20270625-0.0000001-C")], "whole number of 1e-6"),
    ([replace(TERMS, name="ETH-20270230-6000-C")], "is no date"),
    ([replace(TERMS, tick_e6=10)], "no whole number"),
])  # fmt: skip
def test_what_cannot_be_listed(listed: list[Terms], why: str) -> None:
    with pytest.raises(ListingError, match=why):
        Registry.of("harbour", listed)


def test_what_is_not_listed() -> None:
    for look in (lambda: REGISTRY.named("SOL-PERP"), lambda: REGISTRY.numbered(9)):
        with pytest.raises(ListingError, match="lists no"):
            look()
