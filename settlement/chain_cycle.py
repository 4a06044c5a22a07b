"""A settlement cycle as the chain will read it and as both sides sign it: EIP-712, the same digest as in Solidity."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from custody import typed_data
from custody.typed_data import Struct

_OBLIGATION = Struct("Obligation(address holder,uint256 amount)")
_LEG = Struct("Leg(address token,Obligation[] debits,Obligation[] credits)", _OBLIGATION)
_CYCLE = Struct(
    "Cycle(address venue,uint64 sequence,bytes32 previousDigest,uint64 cutOff,bytes32 positionsDigest,Leg[] legs)",
    _LEG,
)

Obligations = tuple[tuple[str, int], ...]
"""Holders with positive chain amounts."""


@dataclass(frozen=True, slots=True)
class Leg:
    """What is owed and what is received in one token, in its base units: (holder, amount), ascending by holder."""

    token: str
    debits: Obligations
    credits: Obligations

    def arguments(self) -> tuple[object, ...]:
        return self.token, self.debits, self.credits

    def members(self) -> dict[str, object]:
        """The leg as EIP-712 names it."""
        sides = ([_OBLIGATION.named(*row) for row in side] for side in (self.debits, self.credits))
        return _LEG.named(self.token, *sides)


def legs_of(rows: Iterable[tuple[str, str, int]]) -> tuple[Leg, ...]:
    """(holder, token, signed amount) as legs, in the order that the contract demands; who receives has a plus.

    Rows of one holder in one token are netted; what nets to nothing is left out.
    """
    net: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    written: dict[int, str] = {}
    for holder, token, amount in rows:
        written |= {int(holder, 16): holder, int(token, 16): token}
        net[int(token, 16)][int(holder, 16)] += amount
    legs = []
    for token_number, amounts in sorted(net.items()):
        ordered = [(written[holder], amount) for holder, amount in sorted(amounts.items())]
        payers = tuple((holder, -amount) for holder, amount in ordered if amount < 0)
        receivers = tuple((holder, amount) for holder, amount in ordered if amount > 0)
        if payers or receivers:
            legs.append(Leg(written[token_number], payers, receivers))
    return tuple(legs)


@dataclass(frozen=True, slots=True)
class ChainCycle:
    """A cycle as both sides sign it."""

    venue: str
    sequence: int
    previous_digest: bytes
    cut_off_s: int
    positions_digest: bytes
    legs: tuple[Leg, ...]

    def arguments(self) -> tuple[object, ...]:
        return (*self._head(), tuple(leg.arguments() for leg in self.legs))

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain."""
        legs = [leg.members() for leg in self.legs]
        return typed_data.digest(domain, _CYCLE.hash(_CYCLE.named(*self._head(), legs)))

    def _head(self) -> tuple[object, ...]:
        return self.venue, self.sequence, self.previous_digest, self.cut_off_s, self.positions_digest
