"""What happens to the clients elsewhere, and what it makes them do here: the events of the scenario take effect.

Futures and shares at brokers, bonds funded in yen, base metals at an exchange that opens late, a market maker that
steps back. All of it ends in one thing, a demand for cash, and one order in which cash is found: reserve, sale of coins
held in reserve, collateral that venues can spare. What is still missing is met from outside and written down as such.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from custody.collateral import BPS
from custody.money import mul_div_down, mul_div_up
from margin.broker import BrokerAccount
from margin.scenarios.events import AnyEvent, DepthChanged, MarginStepped, OpeningDelayed, RatesMoved
from scripts.walkthrough.cast import (
    CLIENTS,
    DELEVERAGE_BPS,
    JGB_DURATION,
    JGB_MILLIONS,
    LME_RECEIPT_UNITS,
    ORDERS,
    YEN_MILLIONS,
    millions,
)
from settlement.desk import Desk

FRIDAY = 4
COLLECTION = (14, 30)
"""When a clearing broker collects for a margin step: the last US opening (UTC) before it takes effect [A]."""


@dataclass(frozen=True, slots=True)
class RateStep:
    """A margin rate that brokers collect at `due_s`."""

    due_s: int
    exchange: str
    asset: str
    to_bps: int


@dataclass(slots=True)
class Outside:
    """One desk's clients elsewhere. The same people and prices for every desk; what they can pay may differ."""

    desk: Desk
    accounts: dict[tuple[str, str], BrokerAccount] = field(default_factory=dict)
    hours: dict[tuple[str, str], int] = field(default_factory=dict)
    steps: list[RateStep] = field(default_factory=list)
    receipts_s: list[int] = field(default_factory=list)
    late_s: set[int] = field(default_factory=set)
    unmet_units: dict[str, int] = field(default_factory=dict)

    def open(self, start_s: int, end_s: int) -> None:
        """Open the accounts elsewhere at today's index prices, and lay out the base metals' daily receipts."""
        for client in CLIENTS:
            for broker in client.brokers:
                price = self.desk.world.index_e6[broker.asset]
                key = client.name, broker.asset
                self.accounts[key] = BrokerAccount.opened(broker.asset, broker.units, broker.rate_bps, price)
                self.hours[key] = broker.hour
        # LMEselect opens at 01:00 London time, which is UTC in winter.
        opening = datetime.fromtimestamp(start_s, UTC).replace(hour=1, minute=0)
        while opening.timestamp() < end_s:
            if opening.timestamp() >= start_s and opening.weekday() <= FRIDAY:
                self.receipts_s.append(int(opening.timestamp()))
            opening += timedelta(days=1)

    # -- what is heard ---------------------------------------------------------------------------------------------

    def hear(self, event: AnyEvent) -> None:
        """Let one event of the scenario take effect."""
        if isinstance(event, MarginStepped):
            due_s = _collected_s(event.effective_at_s)
            self.steps.append(RateStep(due_s, event.exchange, event.asset, event.to_bps))
        elif isinstance(event, OpeningDelayed):
            self.receipts_s = [due + event.delay_s if due == event.opens_at_s else due for due in self.receipts_s]
            self.late_s.add(event.opens_at_s + event.delay_s)
            self.desk.world.tell("opening_delayed", "commodity_house", delay_s=event.delay_s, units=LME_RECEIPT_UNITS)
        elif isinstance(event, DepthChanged):
            self._step_back(event.depth_bps)
        elif isinstance(event, RatesMoved):
            self._bonds_fall(event)

    def _step_back(self, depth_bps: int) -> None:
        """Market makers quote less: the books thin out, and ours takes home the collateral that its quotes needed."""
        world, maker = self.desk.world, "market_maker"
        thinner = depth_bps < world.depth_bps
        world.depth_bps = depth_bps
        world.tell("depth_changed", maker, depth_bps=depth_bps)
        if not thinner:
            return
        for venue in world.setting.venues:
            for source in self.desk.margin.spare_at(maker, venue):
                units = mul_div_down(source.units, BPS - depth_bps, BPS)
                if units:
                    postings, tx_hash = self.desk.recalls.recall(maker, venue, source.asset, units)
                    world.tell(
                        "recalled", maker, venue, postings=postings, tx_hash=tx_hash, asset=source.asset, units=units
                    )

    def _bonds_fall(self, event: RatesMoved) -> None:
        """Value × duration × yield change, less what the weaker yen takes off the loan."""
        loss = mul_div_up(millions(JGB_MILLIONS) * JGB_DURATION, event.yield_change_bps_e3, BPS * 1_000)
        relief = mul_div_down(millions(YEN_MILLIONS), -event.yen_change_bps_e3, BPS * 1_000)
        self._demand("carry_fund", "bonds", loss - relief)

    # -- what is due -----------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Everything elsewhere that falls on this moment."""
        now_s = self.desk.world.now_s
        if now_s in self.receipts_s:
            postings = self.desk.collateral.bring("commodity_house", "USDC", LME_RECEIPT_UNITS, "LME receipt")
            late = "late_receipt" if now_s in self.late_s else "receipt"
            self.desk.world.tell(late, "commodity_house", postings=postings, units=LME_RECEIPT_UNITS)
        for step in [step for step in self.steps if step.due_s == now_s]:
            for (client, asset), account in sorted(self.accounts.items()):
                if asset == step.asset:
                    self._check(client, account.at_rate(step.to_bps), step)
        moment = datetime.fromtimestamp(now_s, UTC)
        if moment.minute == 0 and moment.weekday() <= FRIDAY:
            for (client, asset), account in sorted(self.accounts.items()):
                if self.hours[client, asset] == moment.hour:
                    self._check(client, account, None)
        for order in ORDERS:
            if order.at_s == now_s:
                self._trade(order.client, order.instrument, order.coins, "order")

    def _check(self, client: str, account: BrokerAccount, step: RateStep | None) -> None:
        """Mark an account to today's price and collect what is missing."""
        world = self.desk.world
        account = account.at_price(world.index_e6[account.asset])
        called = account.call_units
        if step is not None:
            world.tell(
                "margin_stepped", client, asset=step.asset, exchange=step.exchange, to_bps=step.to_bps, units=called
            )
        if called:
            missing = self._demand(client, account.asset, called)
            if missing and client == "macro_fund":
                # Shares are closed by now; what is open round the clock is sold.
                self._sell_crypto(client)
        self.accounts[client, account.asset] = account.paid(called)

    # -- where cash is found ---------------------------------------------------------------------------------------

    def _demand(self, client: str, why: str, units: int) -> int:
        """Find cash for a demand from elsewhere, in order, and send it. What had to come from outside, in 1e-6 USD."""
        if units <= 0:
            return 0
        world = self.desk.world
        from_reserve = min(units, self.desk.collateral.withdrawable(client, "USDC"))
        from_coins = self._sell_reserve(client, units - from_reserve)
        from_venues = self._take_spare(client, units - from_reserve - from_coins)
        # What is left delegated has to stay covered, so not all that came back can leave.
        gathered = from_reserve + from_coins + from_venues
        paid = min(gathered, self.desk.collateral.withdrawable(client, "USDC"))
        from_venues = max(from_venues - (gathered - paid), 0)
        postings = self.desk.collateral.take_out(client, "USDC", paid, f"call: {why}") if paid else (0, 0)
        self.unmet_units[client] = self.unmet_units.get(client, 0) + units - paid
        world.tell(
            "external_call", client, postings=postings, why=why, units=units, from_reserve_units=from_reserve,
            from_coins_units=from_coins, from_venues_units=from_venues, unmet_units=units - paid,
        )  # fmt: skip
        return units - paid

    def _sell_reserve(self, client: str, wanted_units: int) -> int:
        """Sell coins that the client keeps in reserve, at the index less the spread."""
        world, raised = self.desk.world, 0
        for symbol, eligible in world.setting.schedule.items():
            missing = wanted_units - raised
            held = self.desk.collateral.withdrawable(client, symbol)
            if symbol == world.setting.settlement_asset or missing <= 0 or not held:
                continue
            price = world.index_e6[symbol] * (BPS - world.setting.conversion_spread_bps)
            units = min(held, -(-missing * 10**eligible.asset.scale * BPS // price))
            proceeds = min(mul_div_down(units, price, 10**eligible.asset.scale * BPS), missing)
            self.desk.collateral.take_out(client, symbol, units, "sold")
            self.desk.collateral.bring(client, "USDC", proceeds, f"{symbol} sold")
            raised += proceeds
        return raised

    def _take_spare(self, client: str, wanted_units: int) -> int:
        """Recall settlement asset that no venue needs for initial margin."""
        taken = 0
        for venue in self.desk.world.setting.venues:
            spare = sum(source.units for source in self.desk.margin.spare_at(client, venue) if source.asset == "USDC")
            units = min(spare, wanted_units - taken)
            if units > 0:
                self.desk.recalls.recall(client, venue, "USDC", units)
                taken += units
        return taken

    def _sell_crypto(self, client: str) -> None:
        """Sell a share of every position in coins: crypto first, because it is what is open."""
        world = self.desk.world
        for venue in world.setting.venues:
            for number, lots in sorted(world.mirror.holdings(venue, client).items()):
                self._trade_lots(client, number, -(lots * DELEVERAGE_BPS // BPS), "deleveraging")

    def _trade(self, client: str, number: int, coins: int, cause: str) -> None:
        self._trade_lots(client, number, coins * self.desk.world.setting.instruments[number].lots_per_coin, cause)

    def _trade_lots(self, client: str, number: int, lots: int, cause: str) -> None:
        if not lots:
            return
        world = self.desk.world
        instrument = world.setting.instruments[number]
        objected = self.desk.trading.objection(client, instrument, lots)
        if objected is not None:
            world.tell(
                "trade_refused", client, instrument.venue, instrument=instrument.symbol, lots=lots, why=str(objected),
                cause=cause, lots_per_coin=instrument.lots_per_coin,
            )  # fmt: skip
            return
        price_e6 = self.desk.trading.at_market(instrument, client, lots, cause)
        world.tell(
            "traded", client, instrument.venue, instrument=instrument.symbol, lots=lots, price_e6=price_e6, cause=cause,
            lots_per_coin=instrument.lots_per_coin,
        )  # fmt: skip


def _collected_s(effective_s: int) -> int:
    """The last weekday collection time at or before a margin step takes effect."""
    hour, minute = COLLECTION
    day = datetime.fromtimestamp(effective_s, UTC)
    due = day.replace(hour=hour, minute=minute, second=0)
    while due > day or due.weekday() > FRIDAY:
        due -= timedelta(days=1)
    return int(due.timestamp())
