"""The custodian's own fee: a day's part of a year's, on what stands in compartments, from each client's reserve."""

from dataclasses import dataclass, field

from custody.collateral import BPS
from custody.delegation import Order, Standing, pay
from custody.money import mul_div_up
from custody.transfers import Reason
from settlement.desk.world import World

DAYS_A_YEAR = 365


@dataclass(slots=True)
class FeeRoom:
    """Charges `clients`; `charged_units` of the settlement asset so far, by client."""

    world: World
    clients: tuple[str, ...] = ()
    charged_units: dict[str, int] = field(default_factory=dict)
    _numbers: int = 0

    def charge(self) -> None:
        """One day's fee; none on an omnibus account."""
        world, setting = self.world, self.world.setting
        if world.standing is not Standing.SEGREGATED:
            return
        chart = world.charts[setting.settlement_asset]
        fees = []
        for client in self.clients:
            held = [world.valued(world.collateral(client, venue)).market_units for venue in setting.venues]
            due = mul_div_up(sum(held), setting.custody_fee_bps_year, BPS * DAYS_A_YEAR)
            units = min(due, world.spendable(chart.available(client)))
            if units:
                self._numbers += 1
                order = Order(f"fee/{self._numbers}", units, world.now_s, Reason.CUSTODY_FEE, "custody fee")
                fees.append(pay(chart.available(client), chart.fees(), order))
                self.charged_units[client] = self.charged_units.get(client, 0) + units
        world.post(fees)
