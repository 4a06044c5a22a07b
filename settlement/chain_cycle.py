"""A settlement cycle as the chain will read it and as both sides sign it: EIP-712, the same digest as in Solidity."""

from collections.abc import Iterable
from dataclasses import dataclass

from custody import typed_data
from custody.typed_data import Struct

_OBLIGATION = Struct("Obligation(address holder,address token,int256 amount)")
_CYCLE = Struct(
    "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,"
    "Obligation[] obligations)",
    _OBLIGATION,
)


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
