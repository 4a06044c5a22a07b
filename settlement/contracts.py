"""The contracts of one deployment, and what may be asked of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from custody.money import Asset
from custody.signers import Signer
from custody.typed_data import Domain
from settlement.abi import load_artifact
from settlement.batch import MirrorBatch
from settlement.chain import Call, Chain, Receipt
from settlement.chain_cycle import ChainCycle
from settlement.releases import Release

TOKEN, VAULT, POSITIONS, SETTLEMENT = (
    load_artifact(name) for name in ("CustodyToken", "CollateralVault", "PositionBook", "SettlementBook")
)
ALL = (TOKEN, VAULT, POSITIONS, SETTLEMENT)

EXIT_DELAY_S = 3 * 86_400
"""How long a venue has to settle with a client that wants to leave, unless a plan says otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to deploy: claim tokens for these assets, these venues with their signers, the parties in charge, delays."""

    assets: tuple[Asset, ...]
    venues: Mapping[str, Signer]
    custodian: Signer
    redemption: Signer
    dispute_window_s: int
    exit_delay_s: int = EXIT_DELAY_S


@dataclass(slots=True)
class Contracts:
    """One deployment, and the sender that operates it. `supply` is what the custodian believes of each token."""

    chain: Chain
    plan: Plan
    tokens: dict[str, str] = field(default_factory=dict)
    vault: str = ""
    positions: str = ""
    settlement: str = ""
    supply: dict[str, int] = field(default_factory=dict)
    _nonces: dict[str, int] = field(default_factory=dict)

    @property
    def settlement_domain(self) -> bytes:
        """Where both parties' signatures of a cycle are good."""
        return Domain("Bulkhead Settlement", self.chain.node.chain_id, self.settlement).separator()

    @property
    def vault_domain(self) -> bytes:
        """Where a holder's signature of a release is good."""
        return Domain("Bulkhead Vault", self.chain.node.chain_id, self.vault).separator()

    def credit(self, asset: Asset, holder: str, venue: str, units: int) -> Receipt:
        """Mint claims into the vault and write them to a compartment. Both carry what the custodian believes."""
        amount, token = asset.to_chain(units), self.tokens[asset.symbol]
        mint = TOKEN.call("guardMint", self.vault, amount, self.supply[asset.symbol])
        credit = VAULT.call("credit", holder, venue, token, amount)
        calls = (Call(token, mint, "claims minted"), Call(self.vault, credit, "compartment credited"))
        _, receipt = self.chain.send_together(calls)
        self.supply[asset.symbol] += amount
        return receipt

    def release(self, asset: Asset, holder: Signer, venue: str, units: int, deadline_s: int) -> Receipt:
        """Take claims out of a compartment with its holder's signature, and burn them."""
        amount, token = asset.to_chain(units), self.tokens[asset.symbol]
        nonce = self._nonces.get(holder.address, 0)
        release = Release(holder.address, venue, token, amount, nonce, deadline_s)
        signature = holder.sign_digest(release.digest(self.vault_domain))
        leave = VAULT.call("release", release.arguments(), signature)
        burn = TOKEN.call("guardBurn", self.plan.redemption.address, amount, self.supply[asset.symbol])
        calls = (Call(self.vault, leave, "compartment released"), Call(token, burn, "claims burned"))
        receipt, _ = self.chain.send_together(calls)
        self._nonces[holder.address] = nonce + 1
        self.supply[asset.symbol] -= amount
        return receipt

    def redeem(self, asset: Asset, units: int) -> Receipt:
        """Burn claims that lie at the redemption address, sent there by their holder."""
        amount, token = asset.to_chain(units), self.tokens[asset.symbol]
        burn = TOKEN.call("guardBurn", self.plan.redemption.address, amount, self.supply[asset.symbol])
        receipt = self.chain.send(token, burn, "claims burned")
        self.supply[asset.symbol] -= amount
        return receipt

    def at_redemption(self, asset: Asset) -> int:
        """Claims that lie at the redemption address, in ledger units."""
        where = self.plan.redemption.address
        return asset.from_chain(self.chain.read(TOKEN, self.tokens[asset.symbol], "balanceOf", where))

    def mirroring(self, batch: MirrorBatch) -> Call:
        """The call that mirrors a batch of position changes."""
        return Call(self.positions, POSITIONS.call("mirror", batch.arguments()), "positions mirrored")

    def proposal(self, cycle: ChainCycle, digest: bytes, venue: Signer, custodian: Signer) -> Call:
        """The call that proposes a cycle with both signatures of its digest; the dispute window starts."""
        data = SETTLEMENT.call("propose", cycle.arguments(), venue.sign_digest(digest), custodian.sign_digest(digest))
        return Call(self.settlement, data, "cycle proposed")

    def finality(self, cycle: ChainCycle) -> Call:
        """The call that pays a cycle whose window has passed."""
        return Call(self.settlement, SETTLEMENT.call("finalize", cycle.arguments()), "cycle settled")

    def compartment(self, asset: Asset, holder: str, venue: str) -> int:
        """A compartment's balance in ledger units."""
        amount = self.chain.read(VAULT, self.vault, "balanceOf", holder, venue, self.tokens[asset.symbol])
        return asset.from_chain(amount)

    def total_supply(self, asset: Asset) -> int:
        """Claims in existence, in ledger units."""
        return asset.from_chain(self.chain.read(TOKEN, self.tokens[asset.symbol], "totalSupply"))

    def head(self) -> tuple[int, bytes]:
        """Sequence and digest of the last mirrored batch."""
        sequence, digest = self.chain.read(POSITIONS, self.positions, "head")
        return sequence, digest

    def positions_of(self, pairs: Iterable[tuple[str, int]]) -> list[int]:
        """Lots of each (account, instrument) in turn."""
        asked = list(pairs)
        accounts, instruments = [account for account, _ in asked], [number for _, number in asked]
        return list(self.chain.read(POSITIONS, self.positions, "positionsOf", accounts, instruments))
