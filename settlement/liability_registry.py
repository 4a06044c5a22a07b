"""The registry on chain of what a custodian owes of one asset: signed statements in, and each account's part checked.

A deployment of its own: whoever publishes needs no other contract, and nothing that moves money reads it.
"""

from dataclasses import dataclass
from typing import Self

from eth_utils.address import to_checksum_address

from custody.inclusion import Inclusion, Liabilities, SignedLiabilities
from custody.publications import Where
from custody.signatures import Address, Hash
from custody.sum_tree import account_key
from settlement.abi import load_artifact
from settlement.chain import Chain, Receipt

REGISTRY = load_artifact("LiabilityRegistry")


@dataclass(frozen=True, slots=True)
class LiabilityRegistry:
    """One registry, asked and written to by one sender. What it refuses is a ChainError that says why.

    The chain must know the errors of REGISTRY for that to be a sentence.
    """

    chain: Chain
    address: str

    @classmethod
    def deployed(cls, chain: Chain, custodian: Address, asset: str, scale: int) -> Self:
        """A registry for one custodian and one asset, put on the chain by its sender."""
        creation = REGISTRY.creation(custodian.value, asset, scale)
        return cls(chain, chain.send("", creation, "deployment").contract)

    @property
    def where(self) -> Where:
        """Where the custodian's signatures must be good to be taken here."""
        return Where(self.chain.node.chain_id, Address(self.address))

    def publish(self, signed: SignedLiabilities) -> Receipt:
        """Take down a statement as the last one."""
        data = REGISTRY.call("publish", _members(signed.statement), signed.signature.value)
        return self.chain.send(self.address, data, "liabilities published")

    def require_publishable(self, signed: SignedLiabilities) -> None:
        """Ask whether it would be taken down by now, without sending anything."""
        self.chain.read(REGISTRY, self.address, "publish", _members(signed.statement), signed.signature.value)

    def custodian(self) -> Address:
        """Whose statements are taken."""
        return Address.parse(to_checksum_address(self.chain.read(REGISTRY, self.address, "custodian")))

    def knows(self, signed: SignedLiabilities) -> bool:
        """Whether a contract at the address has this very digest signed, whatever contract it is.

        The digest covers chain and address, so nothing but a registry that means this statement can tell it.
        """
        data = REGISTRY.call("digestOf", _members(signed.statement))
        call = {"to": self.address, "data": f"0x{data.hex()}"}
        return bool(self.chain.node.answer("eth_call", (call, "latest")).get("result") == str(signed.digest()))

    def digest_of(self, statement: Liabilities) -> Hash:
        """What the contract would have the custodian sign."""
        return Hash(self.chain.read(REGISTRY, self.address, "digestOf", _members(statement)))

    def published(self, sequence: int) -> Hash | None:
        """The digest of the statement of this sequence; None where there is none.

        Whoever holds a signed statement compares: with another digest here, two readers were told two things.
        """
        digest, *_ = self.chain.read(REGISTRY, self.address, "publicationOf", sequence)
        return Hash(digest) if any(digest) else None

    def require_included(self, proof: Inclusion) -> None:
        """Ask whether a proof's leaf is in the total of the statement that the chain has under the proof's sequence.

        The node alone learns what is asked. Whether that statement is the proof's own, `published` tells.
        """
        self.chain.read(REGISTRY, self.address, "requireIncluded", *_arguments(proof))


def calldata(proof: Inclusion) -> bytes:
    """The same question for whoever must put it to the chain in a transaction, where everybody reads it."""
    return REGISTRY.call("requireIncluded", *_arguments(proof))


def _arguments(proof: Inclusion) -> tuple[object, ...]:
    own = proof.leaf
    leaf = (account_key(own.account), own.salt.value, own.units, own.index)
    return proof.liabilities.statement.sequence, leaf, proof.packed_path


def _members(statement: Liabilities) -> tuple[object, ...]:
    """The statement as the contract's struct: the same members in the same order."""
    return (
        statement.asset, statement.scale, statement.root.value, statement.units, statement.accounts,
        statement.journal_position, statement.journal_head.value, statement.as_of_s, statement.sequence,
        statement.previous_digest.value,
    )  # fmt: skip
