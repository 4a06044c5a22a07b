"""The file in which a custodian says where on a chain what stands: contracts, tokens, whose compartments, wrappers.

Strict JSON like all others: every number a text. Addresses are 0x and 40 hex digits.
"""

from dataclasses import dataclass

from custody.money import Asset


@dataclass(frozen=True, slots=True)
class ContractAt:
    """A contract of ours: its name, as built, and its address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class TokenAt:
    """An asset and its claim token; `price_e6` is what a whole coin counts for in a break's effect (1e-6 USD)."""

    symbol: str
    scale: int
    chain_decimals: int
    token: str
    price_e6: int

    @property
    def asset(self) -> Asset:
        return Asset(self.symbol, self.scale, self.chain_decimals)


@dataclass(frozen=True, slots=True)
class CompartmentAt:
    """An account of the ledger and the compartment that it is on the chain."""

    account: str
    holder: str
    venue: str


@dataclass(frozen=True, slots=True)
class SubAccountAt:
    """An account of the ledger and the sub-account in which it stands."""

    account: str
    number: int


@dataclass(frozen=True, slots=True)
class WrapperAt:
    """Claims of an asset inside a venue with sub-accounts."""

    symbol: str
    wrapper: str
    sub_accounts: str
    held: tuple[SubAccountAt, ...]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The file, field by field."""

    rpc_url: str
    chain_id: int
    vault: str
    position_book: str
    contracts: tuple[ContractAt, ...]
    assets: tuple[TokenAt, ...]
    compartments: tuple[CompartmentAt, ...]
    wrappers: tuple[WrapperAt, ...]

    def asset_at(self, symbol: str) -> TokenAt:
        """Raises KeyError for a symbol that is not listed."""
        return {one.symbol: one for one in self.assets}[symbol]
