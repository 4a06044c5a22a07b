"""A venue with Derive's sub-accounts: claims go in through a wrapper, come out the same way, and are paid inside.

A sub-account has a number, and balances by (asset contract, 96-bit sub-id) in 18 decimals; which instrument that is,
the registry says. Contracts are named by address, so they may be anybody's. Nothing here sends: calls are values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from custody.money import Asset
from settlement.chain import Call
from settlement.contracts import TOKEN
from settlement.derive_abi import SUB_ACCOUNTS, WRAPPER
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.backing import Backing, Burn
from settlement.venues.registry import Registry

E18 = 10**18
BURNED = "0x" + keccak(text="Burned(address,address,uint256)").hex()


class AdapterError(ValueError):
    """Balances that are no whole lots, or payments that do not sum to zero; the text says which."""


@dataclass(frozen=True, slots=True)
class Holding:
    """An entry of a sub-account: `balance_e18` of an asset contract (lower case) under a sub-id."""

    sub_account: int
    asset: str
    sub_id: int
    balance_e18: int


@dataclass(frozen=True, slots=True)
class DeriveVenue:
    """Where the sub-accounts stand, and the wrapper through which one claim token enters them."""

    sub_accounts: str
    wrapper: str
    token: str
    asset: Asset

    # -- what is sent ----------------------------------------------------------------------------------------------

    def deposit(self, sub_account: int, units: int) -> tuple[Call, Call]:
        """The holder's two calls: it lets the wrapper take so many ledger units, and has it credit them."""
        amount = self.asset.to_chain(units)
        return (
            Call(self.token, TOKEN.call("approve", self.wrapper, amount), "wrapper approved"),
            Call(self.wrapper, WRAPPER.call("deposit", sub_account, amount), "claims wrapped"),
        )

    def withdrawal(self, sub_account: int, units: int, to: str) -> Call:
        """The holder's call that takes ledger units out, to an address that the token has opened."""
        amount = self.asset.to_chain(units)
        return Call(self.wrapper, WRAPPER.call("withdraw", sub_account, amount, to), "claims unwrapped")

    def payment(self, due_units: Mapping[int, int]) -> Call:
        """The manager's one call that pays a cycle: all of it or nothing. Ledger units by sub-account, + is received.

        Raises AdapterError where they do not sum to zero.
        """
        rows = [
            (payer, payee, self.wrapper, 0, self.to_e18(units), bytes(32)) for payer, payee, units in pairs(due_units)
        ]
        return Call(self.sub_accounts, SUB_ACCOUNTS.call("submitTransfers", rows, b""), "cycle settled")

    # -- what is read ----------------------------------------------------------------------------------------------

    def holdings(self, state: AtBlock, ids: Iterable[int]) -> list[Holding]:
        """Every entry of these sub-accounts, at one block."""
        return [
            Holding(number, asset.lower(), sub_id, balance)
            for number in ids
            for asset, sub_id, balance in state.read(SUB_ACCOUNTS, self.sub_accounts, "getAccountBalances", number)
        ]

    def accounts(self, state: AtBlock) -> range:
        """Every sub-account that was ever created, whoever owns it: they are numbered from 1 without gaps."""
        return range(1, state.read(SUB_ACCOUNTS, self.sub_accounts, "lastAccountId") + 1)

    def backing(self, state: AtBlock) -> Backing:
        """What the wrapper has against what it owes to all sub-accounts, and every burn at its address.

        All are asked, one question each: a list of those that somebody knows could leave out the one that is owed.
        """
        balances = {
            number: state.read(SUB_ACCOUNTS, self.sub_accounts, "getBalance", number, self.wrapper, 0)
            for number in self.accounts(state)
        }
        credited = {number: balance for number, balance in balances.items() if balance}
        held = state.read(TOKEN, self.token, "balanceOf", self.wrapper) * self._scale
        topic = "0x" + self.wrapper.lower().removeprefix("0x").rjust(64, "0")
        burns = tuple(
            Burn(log["transactionHash"], int(log["blockNumber"], 16), int(log["data"], 16) * self._scale)
            for log in state.logs(self.token, [BURNED, None, topic])
        )
        return Backing(f"{self.asset.symbol} at {self.wrapper}", held, credited, burns)

    def to_e18(self, units: int) -> int:
        """Ledger units as sub-accounts count them."""
        return self.asset.to_chain(units) * self._scale

    @property
    def _scale(self) -> int:
        power: int = 10 ** (18 - self.asset.chain_decimals)
        return power


def positions(holdings: Iterable[Holding], registry: Registry, wrapper: str) -> dict[tuple[int, int], int]:
    """Lots by (sub-account, our number of the instrument); the wrapper's own entries are collateral, not positions.

    Raises AdapterError for an asset or sub-id that is not listed, and for a balance that is no whole number of lots.
    """
    found = {}
    for one in holdings:
        if one.asset == wrapper.lower():
            continue
        instrument = registry.by_sub_id.get((one.asset, one.sub_id))
        if instrument is None:
            raise AdapterError(f"sub-account {one.sub_account} holds {one.asset} {one.sub_id}, which nobody has listed")
        lots, rest = divmod(one.balance_e18 * instrument.lots_per_coin, E18)
        if rest:
            raise AdapterError(f"{one.balance_e18}e-18 of {instrument.symbol} in {one.sub_account} are no whole lots")
        found[one.sub_account, instrument.id] = lots
    return found


def pairs(due_units: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Net dues as payments (payer, payee, units) in the order of the sub-accounts: at most one fewer than there are.

    Raises AdapterError where the dues do not sum to zero.
    """
    if sum(due_units.values()):
        raise AdapterError(f"dues sum to {sum(due_units.values())}, expected 0")
    payers = [(number, -due) for number, due in sorted(due_units.items()) if due < 0]
    paid = []
    for payee, due in sorted(due_units.items()):
        left = due
        while left > 0:
            payer, owed = payers.pop(0)
            moved = min(left, owed)
            paid.append((payer, payee, moved))
            left -= moved
            if owed > moved:
                payers.insert(0, (payer, owed - moved))
    return paid
