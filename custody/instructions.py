"""What a party can ask of the custodian: one type per operation, which a person can read in a wallet before signing.

Every instruction carries the caller's id, a nonce and the time in which it is good. The wallet, the JSON and the log
show the same names and the same texts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from eth_utils.address import is_checksum_address

from custody.amounts import Amount
from custody.keyring import Holding, Key, require_key_value
from custody.parties import CUSTODIAN, require_name, require_party
from custody.policies import Operation, Policy
from custody.shapes import FieldError, require_number, shape_of

_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_DESTINATION = re.compile(r"[A-Za-z0-9:._-]{1,128}")
_HEX_ADDRESS = re.compile(r"0[xX][0-9A-Fa-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What all have. `party`: whose assets, rules or keys it is about. `nonce`: any that the party has not used yet,
    0..2^63−1. Good from `valid_from_s` on and before `expires_at_s`, UTC seconds.

    Raises FieldError for a text or number that its field cannot hold.
    """

    operation: ClassVar[Operation]
    LAST: ClassVar[tuple[str, ...]] = ("id", "nonce", "valid_from_s", "expires_at_s")

    party: str
    id: str
    nonce: int
    valid_from_s: int = 0
    expires_at_s: int

    def __post_init__(self) -> None:
        for name, kind in shape_of(type(self)).kinds.items():
            if kind is int:
                require_number(name, getattr(self, name))
            elif kind is str:
                _CHECKS[name](name, getattr(self, name))

    @property
    def authority(self) -> str:
        """The party whose policy decides, and whose nonce it uses."""
        return self.party


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate(Instruction):
    """Earmark collateral for one venue."""

    operation: ClassVar = Operation.DELEGATE
    venue: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(Instruction):
    """Take collateral back from a venue."""

    operation: ClassVar = Operation.RECALL
    venue: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Instruction):
    """Recall from one venue and delegate to another, as one."""

    operation: ClassVar = Operation.MOVE
    from_venue: str
    to_venue: str
    amount: Amount

    def __post_init__(self) -> None:
        Instruction.__post_init__(self)
        if self.from_venue == self.to_venue:
            raise FieldError("to_venue", "the assets are there already")

    @property
    def venue(self) -> str:
        """The venue that gets a say over the assets: what a rule for one venue looks at."""
        return self.to_venue


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Instruction):
    """Send assets out of the custodian's hands."""

    operation: ClassVar = Operation.WITHDRAW
    destination: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowDestination(Instruction):
    """Put a destination on the allow-list of one asset; in force after the policy's notice."""

    operation: ClassVar = Operation.ALLOW_DESTINATION
    asset: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDestination(Instruction):
    """Take a destination off the allow-list of one asset, at once."""

    operation: ClassVar = Operation.REMOVE_DESTINATION
    asset: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy(Instruction):
    """Replace the party's policy; in force after the notice of the old one."""

    operation: ClassVar = Operation.CHANGE_POLICY
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKey(Instruction):
    """Let a key speak for a signer of the party, from now on. Which signers have a say is for the policy."""

    operation: ClassVar = Operation.ADD_KEY
    signer: str
    new_key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKey(Instruction):
    """Give the signer of a key a new one; the old one speaks until the overlap ends (UTC seconds)."""

    operation: ClassVar = Operation.ROTATE_KEY
    old_key: str
    new_key: Key
    overlap_ends_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey(Instruction):
    """Silence a key at once; what it signed and was not accepted yet counts no more."""

    operation: ClassVar = Operation.REVOKE_KEY
    old_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit(Instruction):
    """Take in a new party with its keys and its first policy. The custodian's own policy decides."""

    operation: ClassVar = Operation.ADMIT
    keys: tuple[Holding, ...]
    policy: Policy

    def __post_init__(self) -> None:
        Instruction.__post_init__(self)
        for index, holding in enumerate(self.keys):
            if holding.party != self.party:
                raise FieldError(f"keys[{index}].party", f"{holding.party} is not {self.party}, which is admitted")

    @property
    def authority(self) -> str:
        """The custodian: the new party has no policy yet."""
        return CUSTODIAN


INSTRUCTIONS: dict[Operation, type[Instruction]] = {
    kind.operation: kind
    for kind in (
        Delegate, Recall, Move, Withdraw, AllowDestination, RemoveDestination, ChangePolicy, AddKey, RotateKey,
        RevokeKey, Admit,
    )
}  # fmt: skip
"""The type of each operation."""


def _require_id(field: str, text: str) -> None:
    if not _ID.fullmatch(text):
        raise FieldError(field, f"{text[:80]!r} is no id: expected 1 to 64 letters, digits, _, ., :, / or -")


def _require_destination(field: str, text: str) -> None:
    # One spelling per place: an Ethereum address without EIP-55's capitals would pass an allow-list's eye as another.
    if not _DESTINATION.fullmatch(text) or (_HEX_ADDRESS.fullmatch(text) and not is_checksum_address(text)):
        raise FieldError(field, f"{text[:140]!r} is no destination with one spelling")


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "party": require_party,
    "id": _require_id,
    "venue": require_name,
    "from_venue": require_name,
    "to_venue": require_name,
    "asset": require_name,
    "signer": require_name,
    "destination": _require_destination,
    "old_key": require_key_value,
}
"""What each text must be, by the field's name: a text without a rule here would be a KeyError, not a hole."""
