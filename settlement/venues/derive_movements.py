"""Deposits, withdrawals, transfers and liquidations as Derive's modules are told them (specs/derive_actions.md §3, §4).

`…V3` is what the client library of 2026 writes. v2's transfer is a dynamic tuple, and so begins with the offset 0x20;
the others are plain words.
"""

from dataclasses import dataclass

from settlement.venues.derive_actions import abi_encoded, lowered

WHOLE_BALANCE = (1 << 256) - 1
"""As the amount of a deposit: all that the owner has of the token."""
TRANSFER_RECEIVED = b""
"""What the receiving side of a transfer says."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """`amount_units` of the token into a subaccount; `asset` is the protocol's contract, not the token's."""

    amount_units: int
    asset: str
    new_account_manager: str

    def encoded(self) -> bytes:
        """Three words."""
        values = (self.amount_units, lowered(self.asset), lowered(self.new_account_manager))
        return abi_encoded(("uint256", "address", "address"), values)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`amount_units` of the token, paid to the owner."""

    asset: str
    amount_units: int

    def encoded(self) -> bytes:
        """Two words."""
        return abi_encoded(("address", "uint256"), (lowered(self.asset), self.amount_units))


@dataclass(frozen=True, slots=True)
class Transfer:
    """The sender's side of a transfer between an owner's subaccounts; the recipient's data is empty.

    Each of `assets` is (asset contract, sub-id, amount e18, below zero for what the other side gives).
    """

    to_account_id: int
    new_account_manager: str
    assets: tuple[tuple[str, int, int], ...]

    def encoded(self) -> bytes:
        """A dynamic tuple: offset 0x20, then the rest."""
        assets = [(lowered(asset), sub_id, amount) for asset, sub_id, amount in self.assets]
        value = (self.to_account_id, lowered(self.new_account_manager), assets)
        return abi_encoded(("(uint256,address,(address,uint256,int256)[])",), (value,))


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A bid for part of an account in an auction: cash brought, percentage taken, and what it may cost (all e18)."""

    account_id: int
    cash_transfer_e18: int
    percent_of_account_e18: int
    price_limit_e18: int
    last_seen_trade_id: int
    merge_account: bool

    def encoded(self) -> bytes:
        """Six words."""
        return abi_encoded(("uint256", "uint256", "uint256", "int256", "uint256", "bool"), (
            self.account_id, self.cash_transfer_e18, self.percent_of_account_e18, self.price_limit_e18,
            self.last_seen_trade_id, self.merge_account,
        ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class WithdrawalV3:
    """v3: to a recipient, for a fee of at most `max_fee_e18` USD."""

    asset: str
    max_fee_e18: int
    recipient: str
    amount_units: int
    force_batch: bool

    def encoded(self) -> bytes:
        """Five words."""
        values = (lowered(self.asset), self.max_fee_e18, lowered(self.recipient), self.amount_units, self.force_batch)
        return abi_encoded(("address", "uint256", "address", "uint256", "bool"), values)


@dataclass(frozen=True, slots=True)
class TransferV3:
    """v3: one asset, in plain words, the new subaccount's manager by its number. `recipient`: "" between an owner's
    own subaccounts, an address for a transfer to somebody else.
    """

    to_account_id: int
    new_account_manager: int
    asset: str
    sub_id: int
    amount_e18: int
    max_fee_e18: int
    recipient: str = ""

    def encoded(self) -> bytes:
        """Six words, or seven with a recipient."""
        types: tuple[str, ...] = ("uint256", "uint256", "address", "uint256", "uint256", "uint256")
        values: tuple[object, ...] = (
            self.to_account_id, self.new_account_manager, lowered(self.asset), self.sub_id, self.amount_e18,
            self.max_fee_e18,
        )  # fmt: skip
        outward = bool(self.recipient)
        return (
            abi_encoded((*types, "address"), (*values, lowered(self.recipient)))
            if outward
            else abi_encoded(types, values)
        )
