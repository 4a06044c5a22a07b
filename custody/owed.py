"""Who is owed what, read off the balances, and laid out as the leaves of one publication.

Everything credit-normal is owed to somebody: to clients what is available, delegated or claimed, to venues their
collateral, to funds what they hold. An owner is the first two words of an account's place, such as `client/treasury`.
Balances are signed, so a venue is owed its omnibus less the pool that its clients already claim: each unit is counted
once, and the sum is the vault.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from custody.accounts import Account, Code, Totals
from custody.inclusion import Format, Inclusion, Leaf, Sibling, SignedLiabilities
from custody.liabilities import Leaves, LiabilitiesError, SumTree, keys_of, salts_of
from custody.signatures import Hash


@dataclass(frozen=True, slots=True)
class Owed:
    """What each owner is owed of one asset, in ledger units; nobody less than nothing."""

    asset: str
    units: Mapping[str, int]


def owed(asset: str, accounts: Iterable[Account], totals: Mapping[str, Totals]) -> Owed:
    """What the books say of an asset at one moment: every owner with an account, also those who are owed nothing.

    LiabilitiesError where an owner is owed less than nothing (a break in suspense, claims beyond an omnibus), or where
    the sum is not the vault: what is published then would be false.
    """
    units: dict[str, int] = defaultdict(int)
    held_units = 0
    for account in accounts:
        if account.asset == asset and account.code is Code.VAULT:
            held_units -= totals[account.id].balance
        elif account.asset == asset:
            units[owner_of(account)] += totals[account.id].balance
    for owner, due in units.items():
        if due < 0:
            raise LiabilitiesError(f"{owner} is owed {due} units of {asset}: below zero, so something is unexplained")
    if sum(units.values()) != held_units:
        raise LiabilitiesError(f"{sum(units.values())} units of {asset} are owed and {held_units} are in the vault")
    if not units:
        raise LiabilitiesError(f"there are no accounts of {asset}: nothing is owed to anybody")
    return Owed(asset, dict(units))


def owner_of(account: Account) -> str:
    """The owner by which an account stands in the tree."""
    return "/".join(account.id.removeprefix(f"{account.asset}/").split("/")[:2])


class Register:
    """One publication's leaves by owner, and its tree: every owner's proof follows from it."""

    def __init__(self, due: Owed, seed: bytes, sequence: int) -> None:
        """LiabilitiesError where the tree cannot hold it, or the seed (32 bytes or more) could be guessed."""
        keys = keys_of(list(due.units))
        order = sorted(range(len(keys)), key=lambda place: keys[place].tobytes())
        names = list(due.units)
        self.owners = tuple(names[place] for place in order)
        self._units = [due.units[owner] for owner in self.owners]
        self._salts = salts_of(seed, due.asset, sequence, keys[order])
        self._places = {owner: place for place, owner in enumerate(self.owners)}
        self.tree = SumTree(Leaves(keys[order], self._salts, np.array(self._units, np.int64)))

    def proof(self, owner: str, signed: SignedLiabilities) -> Inclusion:
        """The owner's proof under the signed root; KeyError for an owner who has no account."""
        index = self._places[owner]
        path = tuple(Sibling(Hash(entry.hash), entry.units) for entry in self.tree.path(index))
        leaf = Leaf(owner, self._units[index], Hash(self._salts[index].tobytes()), index)
        return Inclusion(Format.INCLUSION_1, leaf, path, signed)
