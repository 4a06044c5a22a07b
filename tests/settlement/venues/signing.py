"""Clients who sign orders: two owners, the second with two subaccounts, and what a venue and a mirror know of them."""

from dataclasses import dataclass

from custody.signers import LocalSigner
from settlement.venues.derive_actions import Action, SignedAction, matching_domain
from settlement.venues.derive_trades import Trade
from settlement.venues.derive_verification import SessionKeys, Verifier
from settlement.venues.signed_orders import SignedOrders
from tests.settlement.venues.listing import PERPS, REGISTRY, START_MS

E18 = 10**18
NOW_S = START_MS // 1000
LONG, SHORT = (LocalSigner.for_demonstration(f"client/{role}") for role in ("long", "short"))
LONG_ID, SHORT_ID, SPARE_ID = 11, 21, 22
OWNERS = {LONG_ID: LONG.address, SHORT_ID: SHORT.address, SPARE_ID: SHORT.address.lower()}
TRADE_MODULE = "0x" + "c1" * 20
SEPARATOR = matching_domain(957, "0x" + "ab" * 20).separator()


def orders() -> SignedOrders:
    return SignedOrders(REGISTRY, Verifier(SEPARATOR, OWNERS, SessionKeys()), TRADE_MODULE)


@dataclass(frozen=True)
class Wish:
    """One signed order, in coins and USD times 1e18; the perpetual on ETH, a coin at 3,000 USD, if nothing else."""

    is_bid: bool = True
    coins_e18: int = E18
    price_e18: int = 3_000 * E18
    nonce: int = 1
    asset: str = PERPS
    sub_id: int = 0
    recipient_id: int | None = None
    subaccount_id: int | None = None
    expiry_s: int = NOW_S + 3_600
    module: str = TRADE_MODULE
    data: bytes | None = None
    worst_fee_e18: int = 0

    def signed(self, by: LocalSigner | None = None) -> SignedAction:
        owner = LONG if self.is_bid else SHORT
        mine = LONG_ID if self.is_bid else SHORT_ID
        trade = Trade(
            self.asset, self.sub_id, self.price_e18, self.coins_e18, self.worst_fee_e18,
            mine if self.recipient_id is None else self.recipient_id, self.is_bid,
        )  # fmt: skip
        told = trade.encoded() if self.data is None else self.data
        subaccount = mine if self.subaccount_id is None else self.subaccount_id
        action = Action(subaccount, self.nonce, self.module, told, self.expiry_s, owner.address, owner.address)
        return SignedAction(action, (by or owner).sign_digest(action.digest(SEPARATOR)))
