"""A batch of position changes as the chain will read it, and the digest that names it: the bytes Solidity hashes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

GENESIS = bytes(32)
"""The digest before the first batch or cycle."""

BATCH_TYPE = "(uint64,bytes32,uint64,(uint32,uint64)[],(uint32,address,int64)[])"


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
