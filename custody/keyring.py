"""Which keys speak for whom, and when: every key has a tenure, and tenures are never forgotten.

A person or machine that signs is a *signer* of a party and may hold several keys in the course of time. A rotation
lets the old key speak beside the new one until an overlap ends, so nothing stands still; a revocation silences a key
at once. Because times are kept, what a key was worth when an old approval was given can still be said.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from eth_utils.address import is_checksum_address

from custody.parties import require_name, require_party
from custody.shapes import FieldError

_ED25519 = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}")


def require_key_value(field: str, value: str) -> None:
    """FieldError unless it has the form of an address or of an Ed25519 public key."""
    if not (_ADDRESS.fullmatch(value) or _ED25519.fullmatch(value)):
        raise FieldError(field, f"{value[:80]!r} is no public value of a key")


class KeyKind(StrEnum):
    """How a key signs, and so what its public value is."""

    ACCOUNT = "account"
    """secp256k1, known by its Ethereum address (with EIP-55's capitals)."""
    CONTRACT = "contract"
    """A contract that is asked by ERC-1271, known by its address. It counts as one signer, whoever owns it."""
    ED25519 = "ed25519"
    """For API requests and attestations, known by the public key: 0x and 64 small hex digits. Approves nothing."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, or what stands for one."""

    kind: KeyKind
    value: str

    def __post_init__(self) -> None:
        if self.kind is KeyKind.ED25519:
            if not _ED25519.fullmatch(self.value):
                raise FieldError("value", f"{self.value[:80]!r} is no Ed25519 public key: 0x and 64 small hex digits")
        elif not is_checksum_address(self.value):
            raise FieldError("value", f"{self.value[:80]!r} is no address with EIP-55's capitals")


@dataclass(frozen=True, slots=True)
class Holding:
    """A key as somebody's: the party, its signer, the key."""

    party: str
    signer: str
    key: Key

    def __post_init__(self) -> None:
        require_party("party", self.party)
        require_name("signer", self.signer)


class Standing(StrEnum):
    """What a key's word is worth at one time."""

    CURRENT = "current"
    RETIRING = "retiring"
    """Replaced, and good until the overlap ends."""
    RETIRED = "retired"
    REVOKED = "revoked"
    NOT_YET_ADDED = "not_yet_added"

    @property
    def speaks(self) -> bool:
        """Whether a signature counts."""
        return self in {Standing.CURRENT, Standing.RETIRING}


@dataclass(frozen=True, slots=True)
class Tenure:
    """A key's time in office, UTC seconds; None where that has not been said."""

    holding: Holding
    added_at_s: int
    retires_at_s: int | None = None
    revoked_at_s: int | None = None

    def standing(self, at_s: int) -> Standing:
        """What the key is worth at a time, as far as is known by now: past answers change by nothing said later."""
        if at_s < self.added_at_s:
            return Standing.NOT_YET_ADDED
        if self.revoked_at_s is not None and at_s >= self.revoked_at_s:
            return Standing.REVOKED
        if self.retires_at_s is None:
            return Standing.CURRENT
        return Standing.RETIRED if at_s >= self.retires_at_s else Standing.RETIRING


class KeyringError(ValueError):
    """A change that the keyring does not allow; whoever instructs is told before, by `governance.objection`."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """All tenures by the key's value. A value: every change answers a new keyring.

    A key speaks for one signer of one party, for ever: it is never added again, not even after its end.
    """

    tenures: Mapping[str, Tenure] = field(default_factory=lambda: MappingProxyType({}))

    def find(self, value: str) -> Tenure | None:
        """The tenure of the key with this public value."""
        return self.tenures.get(value)

    def standing(self, value: str, at_s: int) -> Standing:
        """What a key was worth at a time; NOT_YET_ADDED for one that is unknown."""
        tenure = self.find(value)
        return Standing.NOT_YET_ADDED if tenure is None else tenure.standing(at_s)

    def speakers(self, party: str, at_s: int, kinds: Iterable[KeyKind] = tuple(KeyKind)) -> frozenset[str]:
        """The signers of a party who have a key of one of these kinds that will still speak at a time."""
        wanted = set(kinds)
        return frozenset(
            tenure.holding.signer
            for tenure in self.tenures.values()
            if tenure.holding.party == party and tenure.holding.key.kind in wanted and tenure.standing(at_s).speaks
        )

    def add(self, holding: Holding, at_s: int) -> "Keyring":
        """Let a new key speak from now on. KeyringError for one that is or was somebody's."""
        if holding.key.value in self.tenures:
            raise KeyringError(f"{holding.key.value} is or was a key already")
        return self._with(Tenure(holding, at_s))

    def rotate(self, old: str, new: Key, at_s: int, overlap_ends_at_s: int) -> "Keyring":
        """Give the signer of a current key a new one; both speak until the overlap ends. KeyringError otherwise."""
        tenure = self._held(old)
        if tenure.standing(at_s) is not Standing.CURRENT:
            raise KeyringError(f"{old} is {tenure.standing(at_s)}: only a current key is rotated")
        retiring = self._with(replace(tenure, retires_at_s=max(at_s, overlap_ends_at_s)))
        return retiring.add(replace(tenure.holding, key=new), at_s)

    def revoke(self, value: str, at_s: int) -> "Keyring":
        """Silence a key at once, one that retires included. KeyringError for one that is silent already."""
        tenure = self._held(value)
        if not tenure.standing(at_s).speaks:
            raise KeyringError(f"{value} is {tenure.standing(at_s)}: it does not speak")
        return self._with(replace(tenure, revoked_at_s=at_s))

    def _held(self, value: str) -> Tenure:
        tenure = self.find(value)
        if tenure is None:
            raise KeyringError(f"{value} is nobody's key")
        return tenure

    def _with(self, tenure: Tenure) -> "Keyring":
        return Keyring(MappingProxyType({**self.tenures, tenure.holding.key.value: tenure}))
