"""What the custodian signs so that claims may be minted: EIP-712, the digest Solidity hashes; and when to sign anew.

`custody.reserves` is the custodian's word to readers, by asset and in ledger units. This one is to a contract, which
knows a token and its base units, and mints within it.
"""

from dataclasses import dataclass
from enum import StrEnum

from custody import typed_data
from custody.typed_data import Struct

_ATTESTATION = Struct(
    "ReserveAttestation(address token,uint128 reserves,uint64 journalPosition,bytes32 journalHead,uint64 sequence,"
    "uint64 asOf)"
)


@dataclass(frozen=True, slots=True)
class Reserves:
    """What the custodian's books hold of one asset, in ledger units, at a position of its journal."""

    units: int
    journal_position: int
    journal_head: bytes


@dataclass(frozen=True, slots=True)
class ReserveAttestation:
    """So much is held behind a token. `reserves`: the token's base units; `sequence` counts from 1; UTC seconds."""

    token: str
    reserves: int
    journal_position: int
    journal_head: bytes
    sequence: int
    as_of_s: int

    def arguments(self) -> tuple[object, ...]:
        return (
            self.token, self.reserves, self.journal_position, self.journal_head, self.sequence, self.as_of_s,
        )  # fmt: skip

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain."""
        return typed_data.digest(domain, _ATTESTATION.hash(_ATTESTATION.named(*self.arguments())))


class MintRefusal(StrEnum):
    """Why nothing is minted; where several hold, the earlier member is the answer."""

    RESERVES_FELL_SHORT = "reserves_fell_short"
    """The custodian's last word was that it lacks some of what is claimed: only its next one can mend that."""
    EXCEEDS_RESERVES = "exceeds_reserves"
    """With this mint there would be more claims than the books hold."""

    @property
    def retry_may_succeed(self) -> bool:
        """Always: a later attestation or deposit, or burned claims, can cover what is asked."""
        return True


def refusal(last: ReserveAttestation | None, held: int, supply: int, amount: int) -> MintRefusal | None:
    """Whether the custodian, whose books hold `held`, may let `amount` be minted on top of `supply` (base units).

    What it has once said to be missing is not taken back because the books still say otherwise.
    """
    if _fell_short(last, supply):
        return MintRefusal.RESERVES_FELL_SHORT
    return MintRefusal.EXCEEDS_RESERVES if supply + amount > held else None


def must_attest(last: ReserveAttestation | None, supply: int, amount: int, now_s: int, longest_age_s: int) -> bool:
    """Whether a mint needs another attestation first: there is none, or the last is stale or too small.

    Never when it fell short: that is the custodian's word, and stands until the custodian itself says otherwise.
    """
    if last is None:
        return True
    is_fresh = now_s <= last.as_of_s + longest_age_s
    return not _fell_short(last, supply) and not (is_fresh and supply + amount <= last.reserves)


def _fell_short(last: ReserveAttestation | None, supply: int) -> bool:
    return last is not None and last.reserves < supply
