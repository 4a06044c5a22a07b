"""What goes to the chain, as the chain will read it, and the digests that name and authorise it.

The same bytes are hashed here and in Solidity: a mirror batch by its ABI encoding, a cycle and a release by EIP-712.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from custody import typed_data
from custody.typed_data import Domain, Struct

GENESIS = bytes(32)
"""The digest before the first batch or cycle."""

BATCH_TYPE = "(uint64,bytes32,uint64,(uint32,uint64)[],(uint32,address,int64)[])"

_OBLIGATION = Struct("Obligation(address holder,address token,int256 amount)")
_CYCLE = Struct(
    "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,"
    "Obligation[] obligations)",
    _OBLIGATION,
)
_RELEASE = Struct("Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)")


@dataclass(frozen=True, slots=True)
class MirrorBatch:
    """Net position changes since the batch before, with the prices at which they are seen."""

    sequence: int
    previous_digest: bytes
    as_of_s: int
    prices: tuple[tuple[int, int], ...]
    deltas: tuple[tuple[int, str, int], ...]

    @classmethod
    def of(
        cls,
        sequence: int,
        previous_digest: bytes,
        as_of_s: int,
        prices_e6: Mapping[int, int],
        deltas: Iterable[tuple[int, str, int]],
    ) -> "MirrorBatch":
        """Sort as the contract demands: prices by instrument; deltas by instrument, then account."""
        ordered = sorted(deltas, key=lambda delta: (delta[0], int(delta[1], 16)))
        return cls(sequence, previous_digest, as_of_s, tuple(sorted(prices_e6.items())), tuple(ordered))

    def arguments(self) -> tuple[object, ...]:
        return self.sequence, self.previous_digest, self.as_of_s, self.prices, self.deltas

    def digest(self) -> bytes:
        return keccak(encode((BATCH_TYPE,), (self.arguments(),)))


@dataclass(frozen=True, slots=True)
class ChainCycle:
    """A cycle as both sides sign it; obligations are (holder, token, signed chain amount)."""

    venue: str
    sequence: int
    previous_digest: bytes
    cut_off_s: int
    positions_digest: bytes
    obligations: tuple[tuple[str, str, int], ...]

    @staticmethod
    def ordered(obligations: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
        """By token, then holder, as the contract demands."""
        return tuple(sorted(obligations, key=lambda row: (int(row[1], 16), int(row[0], 16))))

    def arguments(self) -> tuple[object, ...]:
        return (
            self.venue, self.sequence, self.previous_digest, self.cut_off_s, self.positions_digest, self.obligations,
        )  # fmt: skip

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain."""
        rows = [_OBLIGATION.named(*row) for row in self.obligations]
        return typed_data.digest(domain, _CYCLE.hash(_CYCLE.named(*self.arguments()[:-1], rows)))


@dataclass(frozen=True, slots=True)
class Release:
    """A holder's consent that claims leave its compartment."""

    holder: str
    venue: str
    token: str
    amount: int
    nonce: int
    deadline_s: int

    def arguments(self) -> tuple[object, ...]:
        return self.holder, self.venue, self.token, self.amount, self.nonce, self.deadline_s

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain."""
        return typed_data.digest(domain, _RELEASE.hash(_RELEASE.named(*self.arguments())))


def domain_separator(name: str, chain_id: int, contract: str) -> bytes:
    """The EIP-712 domain of a Bulkhead contract, version 1."""
    return Domain(name, chain_id, contract).separator()
