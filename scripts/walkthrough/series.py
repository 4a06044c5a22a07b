"""Hourly readings of both desks: what the pictures are drawn from; and one reading at the very low."""

from dataclasses import dataclass, field

from custody.delegation import Standing
from margin.requirement import requirement
from scripts.walkthrough.cast import CLIENTS
from settlement.desk import Desk

HOUR_S = 3_600
LEADER = "BTC"


@dataclass(frozen=True, slots=True)
class Reading:
    """One desk at one moment, in 1e-6 USD; `equity` and `maintenance` per client over all venues.

    `reachable`: what clients could take without any venue's help. `at_venues`: collateral that stands there.
    `unsettled`: gains that venues owe, for which nothing is set aside.
    """

    equity: dict[str, int]
    maintenance: dict[str, int]
    reachable: int
    at_venues: int
    unsettled: int


@dataclass(slots=True)
class Series:
    """Times (UTC seconds), index prices (1e-6 USD) by asset, and each desk's readings; `low` is at bitcoin's lowest."""

    times_s: list[int] = field(default_factory=list)
    prices_e6: dict[str, list[int]] = field(default_factory=dict)
    readings: dict[Standing, list[Reading]] = field(default_factory=lambda: {standing: [] for standing in Standing})
    low: dict[Standing, Reading] = field(default_factory=dict)
    low_e6: int = 0
    low_s: int = 0

    def read(self, at_s: int, prices_e6: dict[str, int], desks: dict[Standing, Desk]) -> None:
        """Take a reading if an hour begins, or if the leading price has never been as low."""
        hourly, lowest = at_s % HOUR_S == 0, not self.low_e6 or prices_e6[LEADER] < self.low_e6
        if not hourly and not lowest:
            return
        found = {standing: reading(desk) for standing, desk in desks.items()}
        if lowest:
            self.low, self.low_e6, self.low_s = found, prices_e6[LEADER], at_s
        if hourly:
            self.times_s.append(at_s)
            for asset, price in prices_e6.items():
                self.prices_e6.setdefault(asset, []).append(price)
            for standing, one in found.items():
                self.readings[standing].append(one)


def reading(desk: Desk) -> Reading:
    """Where a desk's clients stand now."""
    world = desk.world
    equity, maintenance = {}, {}
    reachable = at_venues = unsettled = 0
    for client in (client.name for client in CLIENTS):
        reachable += world.valued(world.available(client)).market_units
        equity[client] = maintenance[client] = 0
        for venue in world.setting.venues:
            held = world.valued(world.collateral(client, venue)).market_units
            gain = desk.margin.unsettled(client, venue)
            positions = desk.margin.positions(client, venue)
            equity[client] += held + gain
            maintenance[client] += requirement(positions, world.setting.margin).maintenance_units
            at_venues += held
            unsettled += max(gain, 0)
            reachable += reach(world.standing, held, held + gain)
    return Reading(equity, maintenance, reachable, at_venues, unsettled)


def reach(standing: Standing, held_units: int, worth_units: int) -> int:
    """What a client can get back of its collateral at a venue if the venue does nothing at all, in 1e-6 USD.

    From a compartment: what is in it, less what the client owes on its positions. From an omnibus account: nothing,
    for the venue alone can give an instruction on it.
    """
    return max(min(held_units, worth_units), 0) if standing is Standing.SEGREGATED else 0
