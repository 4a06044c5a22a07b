"""Signed actions as orders of a book: verified, read, and turned into lots and ticks, or refused. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

from margin.instruments import Instrument
from settlement.venues.derive_actions import ActionError, SignedAction, same
from settlement.venues.derive_matching import Filled, Stated, is_recipient
from settlement.venues.derive_nonces import Module, NonceRefusal, Nonces
from settlement.venues.derive_trades import Trade
from settlement.venues.derive_verification import ActionRefusal, Verifier
from settlement.venues.orders import Lifetime, Order
from settlement.venues.registry import FROM_E18_TO_E6, Registry


class AdmissionRefusal(StrEnum):
    """Why an action that counts is no order here; where several hold, the earlier is the answer."""

    MODULE_IS_NOT_THE_TRADE_MODULE = "module_is_not_the_trade_module"
    DATA_ARE_NO_ORDER = "data_are_no_order"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    RECIPIENT_IS_NOT_THE_OWNERS = "recipient_is_not_the_owners"
    PRICE_IS_OFF_THE_TICK = "price_is_off_the_tick"
    AMOUNT_IS_NOT_IN_WHOLE_LOTS = "amount_is_not_in_whole_lots"
    NOTHING_IS_LEFT_TO_FILL = "nothing_is_left_to_fill"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same action could be taken later: once its instrument is listed."""
        return self is AdmissionRefusal.UNKNOWN_INSTRUMENT


Refused = ActionRefusal | NonceRefusal | AdmissionRefusal


@dataclass(frozen=True, slots=True)
class Admitted:
    """An order of a book, and the action that it came from. Its account is the subaccount that receives the fills."""

    instrument: Instrument
    order: Order
    stated: Stated
    signed: SignedAction


@dataclass(slots=True)
class SignedOrders:
    """What a venue, or whoever checks it, knows of its clients' actions."""

    registry: Registry
    verifier: Verifier
    trade_module: str
    nonces: Nonces = field(default_factory=Nonces)
    filled: Filled = field(init=False)

    def __post_init__(self) -> None:
        self.filled = Filled(self.verifier.owners)

    def read(self, signed: SignedAction, now_s: int) -> tuple[Instrument, Stated] | Refused:
        """The order in an action that counts, and what it is in; the rules that venue and mirror share."""
        try:
            if refused := self.verifier.refusal(signed, now_s):
                return refused
            if not same(signed.action.module, self.trade_module):
                return AdmissionRefusal.MODULE_IS_NOT_THE_TRADE_MODULE
            trade = Trade.decoded(signed.action.data)
        except ActionError:
            return AdmissionRefusal.DATA_ARE_NO_ORDER
        if refused_nonce := self.nonces.refusal(Module.TRADE, signed.action, now_s):
            return refused_nonce
        instrument = self.registry.by_sub_id.get((trade.asset.lower(), trade.sub_id))
        if instrument is None:
            return AdmissionRefusal.UNKNOWN_INSTRUMENT
        return instrument, Stated(signed.action, trade)

    def admit(self, signed: SignedAction, lifetime: Lifetime, now_s: int) -> Admitted | Refused:
        """The order that a book takes for what is left of it; its nonce is bound from now on."""
        found = self.read(signed, now_s)
        if not isinstance(found, tuple):
            return found
        instrument, stated = found
        action, trade = signed.action, stated.trade
        if not is_recipient(self.verifier.owners, action, trade.recipient_id):
            return AdmissionRefusal.RECIPIENT_IS_NOT_THE_OWNERS
        ticks, off_tick = divmod(trade.limit_price_e18, FROM_E18_TO_E6 * instrument.tick_e6)
        if off_tick or ticks <= 0:
            return AdmissionRefusal.PRICE_IS_OFF_THE_TICK
        lots, below = divmod(self.filled.left_e18(stated), instrument.lot_size_e18)
        if below:
            return AdmissionRefusal.AMOUNT_IS_NOT_IN_WHOLE_LOTS
        if lots <= 0:
            return AdmissionRefusal.NOTHING_IS_LEFT_TO_FILL
        self.nonces.use(Module.TRADE, action)
        order = Order(order_id(signed), trade.recipient_id, trade.is_bid, lots, ticks, lifetime)
        return Admitted(instrument, order, stated, signed)


def order_id(signed: SignedAction) -> str:
    """An order is known by its owner and nonce, however often it is handed in."""
    return f"{signed.action.owner.lower()}/{signed.action.nonce}"
