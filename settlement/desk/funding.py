"""What venues bring from outside: their own collateral, held like a client's, and what stands behind defaults."""

from dataclasses import dataclass, replace

from custody.collateral import BPS
from custody.delegation import Order, complete, deposit
from custody.money import mul_div_up
from custody.states import Act
from custody.transfers import Reason
from settlement.desk.handling import Handling
from settlement.desk.instructing import Instructing
from settlement.desk.world import DeskError, World
from settlement.mirror import FUND, HOUSE
from settlement.postings import party_account
from settlement.reserve_attestation import MintRefusal


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought: the journal positions written, and the transaction that made the claims."""

    postings: tuple[int, int]
    tx_hash: str


@dataclass(slots=True)
class FundingRoom:
    """Takes in venues' own settlement asset; amounts in its ledger units."""

    world: World
    instructing: Instructing
    hands: Handling
    _numbers: int = 0

    def open_venue(self, venue: str, amounts: dict[str, int]) -> None:
        """A venue posts its own collateral and what stands behind defaults: `amounts` by HOUSE and FUND.

        DeskError where no claims are minted for it: a venue with nothing posted is not opened.
        """
        for party in (HOUSE, FUND):
            brought = self.bring(party, venue, amounts[party])
            if isinstance(brought, MintRefusal):
                raise DeskError(f"{venue} cannot post its {party}: no claims are minted for it, {brought}")

    def bring(self, party: str, venue: str, units: int) -> Brought | MintRefusal:
        """The venue brings more for its collateral or its fund, and its claims follow; a refusal writes nothing."""
        symbol = self.world.setting.settlement_asset
        fresh = self._lacking(venue, symbol, units) if party == HOUSE else units
        held = self.world.reserves(symbol)
        asset = self.world.setting.schedule[symbol].asset
        if why := self.world.contracts.refuses(asset, units, replace(held, units=held.units + fresh)):
            return why
        with self.hands.written() as postings:
            if party == HOUSE:
                self._delegate(venue, symbol, units, fresh)
            else:
                self._stand_behind(venue, symbol, units)
        return Brought(postings.span, self.hands.credit(party, venue, symbol, units))

    def _lacking(self, venue: str, symbol: str, units: int) -> int:
        """What has to be deposited first: a little more than is delegated has to be there, as for a client."""
        had, haircut_bps = self.instructing.coverage(f"venue/{venue}", symbol), self._haircut_bps(symbol)
        least = mul_div_up(had.delegated_units + units, BPS, BPS - haircut_bps)
        return max(least - had.available_units - had.delegated_units, 0)

    def _haircut_bps(self, symbol: str) -> int:
        return self.world.setting.schedule[symbol].haircut_bps

    def _delegate(self, venue: str, symbol: str, units: int, fresh: int) -> None:
        owner = f"venue/{venue}"
        if fresh:
            self.instructing.credit(owner, symbol, fresh, f"{venue} {HOUSE}")
        delegation = self.instructing.delegate(owner, venue, self.world.setting.schedule[symbol].asset, units)
        self.instructing.tell(delegation, Act.ACKNOWLEDGE, owner)

    def _stand_behind(self, venue: str, symbol: str, units: int) -> None:
        """No owner can recall it, so it is no delegation: it stands behind the defaults of others."""
        world = self.world
        self._numbers += 1
        order = Order(f"fund/{self._numbers}", units, world.now_s, Reason.DEPOSIT)
        account = party_account(world.standing, world.charts[symbol], venue, FUND)
        held = deposit(world.charts[symbol], account, order)
        world.post(held)
        world.post(complete(held, world.now_s))
