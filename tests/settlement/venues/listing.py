"""One venue's listing for tests: two perpetuals, a call and a put, with two asset contracts an underlying."""

from custody.signers import LocalSigner
from settlement.reports import reporting_domain
from settlement.venues.registry import Registry, Terms
from settlement.venues.simulated import SimulatedVenue

DOMAIN = reporting_domain(31_337, "0x" + "11" * 20)
SIGNER = LocalSigner.for_demonstration("venue/harbour")
PERPS, OPTIONS, COINS = "0x" + "a1" * 20, "0x" + "a2" * 20, "0x" + "b1" * 20
ETH, CALL, PUT, BTC = 1, 2, 3, 4
EXPIRES_AT_MS = 1_782_374_400_000
"""25 June 2026, 08:00 UTC."""
START_MS = 1_769_000_000_000

REGISTRY = Registry.of(
    "harbour",
    [
        Terms(ETH, "ETH-PERP", PERPS, 100, 10_000),
        Terms(CALL, "ETH-20260625-3000-C", OPTIONS, 100, 100_000),
        Terms(PUT, "ETH-20260625-3000-P", OPTIONS, 100, 100_000),
        Terms(BTC, "BTC-PERP", COINS, 1000, 100_000),
    ],
)


def venue(most_entries: int = 4096) -> SimulatedVenue:
    return SimulatedVenue(REGISTRY, SIGNER, DOMAIN, most_entries)
