"""The contracts of one deployment, and what may be asked of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from custody.money import Asset
from custody.signers import Signer
from custody.typed_data import Domain
from margin.instruments import Instrument
from settlement.abi import load_artifact
from settlement.batch import MirrorBatch
from settlement.chain import Call, Chain, Receipt
from settlement.chain_cycle import ChainCycle
from settlement.keys import signer_of
from settlement.releases import Release
from settlement.reserve_attestation import MintRefusal, ReserveAttestation, Reserves, must_attest, refusal
from settlement.signed_marks import DOMAIN_NAME, MarkBatch, in_order

ALL = TOKEN, VAULT, POSITIONS, SETTLEMENT, MINTER, MARKS = tuple(
    load_artifact(name)
    for name in ("CustodyToken", "CollateralVault", "PositionBook", "SettlementBook", "AttestedMinter", "MarkFeed")
)

ATTESTATION_AGE_S = 4 * 3_600
"""How old an attestation may be for a mint: one settlement cycle of the usual four hours."""


@dataclass(frozen=True, slots=True)
class MarkTerms:
    """Who says what instruments are worth: any `quorum` of the sources; a mark is good for `heartbeat_s`."""

    sources: tuple[Signer, ...]
    quorum: int
    heartbeat_s: int

    @classmethod
    def for_demonstration(cls) -> "MarkTerms":
        """Three of five keys that are worth nothing; a mark lasts from one cut-off past the next [A]."""
        return cls(tuple(signer_of(f"mark source/{number}") for number in range(1, 6)), 3, 6 * 3600)


EXIT_DELAY_S = 3 * 86_400
"""How long a venue has to settle with a client that wants to leave, unless a plan says otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to deploy: claim tokens for assets, venues with their signers, who is in charge, what is traded, delays."""

    assets: tuple[Asset, ...]
    venues: Mapping[str, Signer]
    custodian: Signer
    dispute_window_s: int
    instruments: tuple[Instrument, ...] = ()
    marks: MarkTerms = field(default_factory=MarkTerms.for_demonstration)
    attestation_age_s: int = ATTESTATION_AGE_S
    exit_delay_s: int = EXIT_DELAY_S


@dataclass(slots=True)
class Contracts:
    """One deployment, and the sender that operates it.

    `supply` and `attested` are what the custodian believes of each token: base units, and its own last attestation.
    `listed` gives the number under which the chain lists each of the plan's instruments.
    """

    chain: Chain
    plan: Plan
    tokens: dict[str, str] = field(default_factory=dict)
    minter: str = ""
    vault: str = ""
    positions: str = ""
    settlement: str = ""
    marks: str = ""
    supply: dict[str, int] = field(default_factory=dict)
    attested: dict[str, ReserveAttestation] = field(default_factory=dict)
    listed: dict[int, int] = field(default_factory=dict)
    _nonces: dict[str, int] = field(default_factory=dict)

    @property
    def settlement_domain(self) -> bytes:
        """Where both parties' signatures of a cycle are good."""
        return Domain("Bulkhead Settlement", self.chain.node.chain_id, self.settlement).separator()

    @property
    def vault_domain(self) -> bytes:
        """Where a holder's signature of a release is good."""
        return Domain("Bulkhead Vault", self.chain.node.chain_id, self.vault).separator()

    @property
    def marks_domain(self) -> bytes:
        """Where a source's signature of marks is good."""
        return Domain(DOMAIN_NAME, self.chain.node.chain_id, self.marks).separator()

    @property
    def minter_domain(self) -> bytes:
        """Where the custodian's attestation of reserves is good."""
        return Domain("Bulkhead Minter", self.chain.node.chain_id, self.minter).separator()

    def attest(self, asset: Asset, held: Reserves) -> Receipt:
        """Tell the chain what the custodian holds; less than the claims in existence stops their minting."""
        last = self.attested.get(asset.symbol)
        attestation = ReserveAttestation(
            self.tokens[asset.symbol], asset.to_chain(held.units), held.journal_position, held.journal_head,
            1 if last is None else last.sequence + 1, self.chain.node.next_block_time(),
        )  # fmt: skip
        signature = self.plan.custodian.sign_digest(attestation.digest(self.minter_domain))
        data = MINTER.call("attest", attestation.arguments(), signature)
        receipt = self.chain.send(self.minter, data, "reserves attested")
        self.attested[asset.symbol] = attestation
        return receipt

    def refuses(self, asset: Asset, units: int, held: Reserves) -> MintRefusal | None:
        """Why the custodian would not have so many more ledger units of claims minted; None if it would."""
        symbol, amount = asset.symbol, asset.to_chain(units)
        return refusal(self.attested.get(symbol), asset.to_chain(held.units), self.supply[symbol], amount)

    def credit(self, asset: Asset, holder: str, venue: str, units: int, held: Reserves) -> Receipt:
        """Mint claims into the vault and write them to a compartment. Both carry what the custodian believes.

        What is `held` is attested first where the last attestation is stale or too small; whoever has not asked
        `refuses` hears the chain's own refusal as a ChainError.
        """
        amount, token, supply = asset.to_chain(units), self.tokens[asset.symbol], self.supply[asset.symbol]
        last, now_s = self.attested.get(asset.symbol), self.chain.node.next_block_time()
        if must_attest(last, supply, amount, now_s, self.plan.attestation_age_s):
            self.attest(asset, held)
        mint = MINTER.call("mint", token, self.vault, amount, supply)
        credit = VAULT.call("credit", holder, venue, token, amount)
        calls = (Call(self.minter, mint, "claims minted"), Call(self.vault, credit, "compartment credited"))
        _, receipt = self.chain.send_together(calls)
        self.supply[asset.symbol] += amount
        return receipt

    def release(self, asset: Asset, holder: Signer, venue: str, units: int, deadline_s: int) -> Receipt:
        """Take claims out of a compartment with its holder's signature, and burn them in the release's name."""
        amount, token = asset.to_chain(units), self.tokens[asset.symbol]
        nonce = self._nonces.get(holder.address, 0)
        release = Release(holder.address, venue, token, amount, nonce, deadline_s)
        digest = release.digest(self.vault_domain)
        leave = VAULT.call("release", release.arguments(), holder.sign_digest(digest))
        burn = MINTER.call("burn", token, amount, self.supply[asset.symbol], digest)
        calls = (Call(self.vault, leave, "compartment released"), Call(self.minter, burn, "claims burned"))
        receipt, _ = self.chain.send_together(calls)
        self._nonces[holder.address] = nonce + 1
        self.supply[asset.symbol] -= amount
        return receipt

    def redeem(self, asset: Asset, units: int, instruction: bytes) -> Receipt:
        """Burn claims that lie at the redemption address, sent there by their holder, in an instruction's name."""
        amount, token = asset.to_chain(units), self.tokens[asset.symbol]
        burn = MINTER.call("burn", token, amount, self.supply[asset.symbol], instruction)
        receipt = self.chain.send(self.minter, burn, "claims burned")
        self.supply[asset.symbol] -= amount
        return receipt

    def at_redemption(self, asset: Asset) -> int:
        """Claims that lie at the redemption address, in ledger units."""
        return asset.from_chain(self.chain.read(TOKEN, self.tokens[asset.symbol], "balanceOf", self.minter))

    def mirroring(self, batch: MirrorBatch) -> Call:
        """The call that mirrors a batch of position changes."""
        return Call(self.positions, POSITIONS.call("mirror", *batch.arguments()), "positions mirrored")

    def marking(self, batch: MarkBatch, digest: bytes) -> Call:
        """The call that publishes marks, signed by as many of the sources as must."""
        terms = self.plan.marks
        signed = in_order({one.address: one.sign_digest(digest) for one in terms.sources[: terms.quorum]})
        return Call(self.marks, MARKS.call("publish", batch.arguments(), signed), "marks published")

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
        """Lots of each (account, instrument of the plan) in turn."""
        asked = list(pairs)
        accounts, instruments = [account for account, _ in asked], [self.listed[number] for _, number in asked]
        return list(self.chain.read(POSITIONS, self.positions, "positionsOf", accounts, instruments))

    def marks_of(self, instruments: Sequence[int]) -> list[tuple[int, int, int]]:
        """The last mark of each, by the chain's numbers: price and confidence in 1e-6, and its time; zeros for none."""
        return list(self.chain.read(MARKS, self.marks, "latestOfEach", instruments))
