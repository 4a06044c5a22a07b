"""Actions as people write them down, in the schema of specs/derive_actions.md §8, and what they come to as bytes.

Amounts are decimal texts. A quote's legs are taken in the order of their instruments' names. Beyond that schema there
are `liquidate`, `withdraw_v3` and `transfer_v3`, whose inputs are named as the fields of the specification's §3 and §4;
what v3 withdraws or transfers has to fit its decimals exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from margin.derive_names import LinearName, NamingError, parse
from settlement.venues.case_fields import CaseError, Place
from settlement.venues.derive_actions import Action
from settlement.venues.derive_movements import Deposit, Liquidation, Transfer, TransferV3, Withdrawal, WithdrawalV3
from settlement.venues.derive_trades import Execute, Leg, Quote, Trade, signed_amount


@dataclass(frozen=True, slots=True)
class Enveloped:
    """An action and the domain separator that it is signed under."""

    action: Action
    separator: bytes


def encoded(case: Place) -> bytes:
    """The data that a case's module is told. Raises CaseError or ActionError."""
    module = case.text("module")
    if module not in _ENCODINGS:
        raise CaseError(f"{case.path}.module is one of {', '.join(_ENCODINGS)}, subid, not {module!r}")
    return _ENCODINGS[module](case.below("inputs"))


def enveloped(case: Place) -> Enveloped | None:
    """The action that a case's data are signed in; None where it has none. Raises CaseError or ActionError."""
    if "action" not in case.value:
        return None
    said = case.below("action")
    action = Action(
        said.whole("subaccount_id"), said.whole("nonce"), said.text("module"), encoded(case), said.whole("expiry"),
        said.text("owner"), said.text("signer"),
    )  # fmt: skip
    return Enveloped(action, case.bytes("domain_separator", 32))


def sub_id(case: Place) -> dict[str, object]:
    """What a name says, as a case expects it: sub-id, and of an option expiry, strike and whether it is a call."""
    try:
        name = parse(case.below("inputs").text("instrument"))
    except NamingError as why:
        raise CaseError(f"{case.path}.inputs.instrument: {why}") from why
    if isinstance(name, LinearName):
        return {"sub_id": "0"}
    return {
        "sub_id": str(name.sub_id),
        "expiry": name.expires_at_s,
        "strike": str(name.strike),
        "is_call": name.is_call,
    }


def _trade(said: Place) -> bytes:
    return Trade(
        said.text("asset"), said.whole("sub_id"), said.amount("limit_price"), said.amount("amount"),
        said.amount("max_fee"), said.whole("recipient_id"), said.flag("is_bid"),
    ).encoded()  # fmt: skip


def _quote(said: Place) -> bytes:
    return Quote(said.amount("max_fee"), _legs(said, said.choice("global_direction", "buy", "sell"))).encoded()


def _execute(said: Place) -> bytes:
    # The taker states the opposite direction, and signs the legs as the maker wrote them.
    legs = _legs(said, not said.choice("global_direction", "buy", "sell"))
    return Execute(Quote(0, legs).order_hash(), said.amount("max_fee")).encoded()


def _legs(said: Place, maker_buys: bool) -> tuple[Leg, ...]:
    ordered = sorted(said.each("legs"), key=lambda leg: leg.text("instrument"))
    return tuple(
        Leg(
            leg.text("asset"), leg.whole("sub_id"), leg.amount("price"),
            signed_amount(
                leg.amount("amount"), leg_is_buy=leg.choice("direction", "buy", "sell"), quote_is_buy=maker_buys
            ),
        )
        for leg in ordered
    )  # fmt: skip


def _deposit(said: Place) -> bytes:
    amount_units = said.amount("amount", said.whole("decimals"))
    return Deposit(amount_units, said.text("asset"), said.text("manager")).encoded()


def _withdraw(said: Place) -> bytes:
    return Withdrawal(said.text("asset"), said.amount("amount", said.whole("decimals"))).encoded()


def _transfer(said: Place) -> bytes:
    moved = tuple((one.text("asset"), one.whole("sub_id"), one.amount("amount")) for one in said.each("transfers"))
    return Transfer(said.whole("to_subaccount_id"), said.text("manager_if_new_account"), moved).encoded()


def _liquidate(said: Place) -> bytes:
    return Liquidation(
        said.whole("liquidated_account_id"), said.amount("cash_transfer"), said.amount("percent_of_acc"),
        said.amount("price_limit"), said.whole("last_seen_trade_id"), said.flag("merge_account"),
    ).encoded()  # fmt: skip


def _withdraw_v3(said: Place) -> bytes:
    amount_units = said.amount("amount", said.whole("decimals"), exact=True)
    return WithdrawalV3(
        said.text("asset"), said.amount("max_fee"), said.text("recipient"), amount_units, said.flag("force_batch")
    ).encoded()


def _transfer_v3(said: Place) -> bytes:
    recipient = said.text("recipient") if "recipient" in said.value else ""
    return TransferV3(
        said.whole("to_subaccount_id"), said.whole("new_subaccount_manager"), said.text("asset"), said.whole("sub_id"),
        said.amount("amount", exact=True), said.amount("max_fee"), recipient,
    ).encoded()  # fmt: skip


_ENCODINGS: Mapping[str, Callable[[Place], bytes]] = {
    "trade": _trade,
    "rfq_quote": _quote,
    "rfq_execute": _execute,
    "deposit": _deposit,
    "withdraw": _withdraw,
    "transfer": _transfer,
    "liquidate": _liquidate,
    "withdraw_v3": _withdraw_v3,
    "transfer_v3": _transfer_v3,
}
