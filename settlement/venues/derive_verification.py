"""Whether a signed action counts, asked in the order of Derive's contracts (specs/derive_actions.md §2).

Repeated nonces are not looked at here: `derive_nonces` has each module's rule.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from custody.curve import is_signed_by
from settlement.venues.derive_actions import Action, SignedAction, same

CANCELLED_KEY_LIVES_S = 600
"""A session key that is cancelled still signs for ten minutes."""


class ActionRefusal(StrEnum):
    """Why an action does not count; where several hold, the earlier is the answer."""

    EXPIRED = "expired"
    OWNER_IS_NOT_THE_SUBACCOUNTS = "owner_is_not_the_subaccounts"
    SESSION_KEY_HAS_EXPIRED = "session_key_has_expired"
    """Or was never registered by that owner."""
    SIGNATURE_IS_INVALID = "signature_is_invalid"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same signed action could count later: once its key is registered or prolonged."""
        return self is ActionRefusal.SESSION_KEY_HAS_EXPIRED


@dataclass(slots=True)
class SessionKeys:
    """Keys that sign for owners, and until when (UTC seconds, the last in which they do)."""

    expires_at_s: dict[tuple[str, str], int] = field(default_factory=dict)
    """By (signer, owner), both in lower case."""

    def register(self, signer: str, owner: str, expires_at_s: int) -> bool:
        """The owner's word; False, and nothing changes, unless it prolongs."""
        key = signer.lower(), owner.lower()
        if expires_at_s <= self.expires_at_s.get(key, 0):
            return False
        self.expires_at_s[key] = expires_at_s
        return True

    def cancel(self, signer: str, owner: str, now_s: int) -> bool:
        """The key ends in ten minutes, whatever its end was; False for a key that was never registered."""
        key = signer.lower(), owner.lower()
        if key not in self.expires_at_s:
            return False
        self.expires_at_s[key] = now_s + CANCELLED_KEY_LIVES_S
        return True

    def signs(self, signer: str, owner: str, now_s: int) -> bool:
        """Whether the owner himself, or a key that he has registered and that lives."""
        key = signer.lower(), owner.lower()
        return key[0] == key[1] or now_s <= self.expires_at_s.get(key, -1)


ContractSigns = Callable[[str, bytes, bytes], bool]
"""Whether the contract at an address answers that a signature over a digest is its own (ERC-1271)."""


def no_contract_signs(_address: str, _digest: bytes, _signature: bytes) -> bool:
    """Where no chain is asked, only keys sign."""
    return False


@dataclass(frozen=True, slots=True)
class Verifier:
    """What an action is held against. `owners`: the registered owner of each subaccount."""

    separator: bytes
    owners: Mapping[int, str]
    session_keys: SessionKeys
    contract_signs: ContractSigns = no_contract_signs

    def refusal(self, signed: SignedAction, now_s: int) -> ActionRefusal | None:
        """None where the action counts at this block time. Raises ActionError for what is no action at all."""
        action = signed.action
        digest = action.digest(self.separator)
        owner = self.owners.get(action.subaccount_id)
        if now_s > action.expiry_s:
            return ActionRefusal.EXPIRED
        if owner is not None and not same(owner, action.owner):
            return ActionRefusal.OWNER_IS_NOT_THE_SUBACCOUNTS
        if not self.session_keys.signs(action.signer, action.owner, now_s):
            return ActionRefusal.SESSION_KEY_HAS_EXPIRED
        by_key = is_signed_by(action.signer, digest, signed.signature)
        if not (by_key or self.contract_signs(action.signer, digest, signed.signature)):
            return ActionRefusal.SIGNATURE_IS_INVALID
        return None


class SubmissionRefusal(StrEnum):
    """Why actions that are handed in together are not even read; where several hold, the earlier is the answer."""

    EXECUTOR_IS_NOT_LISTED = "executor_is_not_listed"
    NO_ACTIONS = "no_actions"
    MODULE_IS_NOT_ALLOWED = "module_is_not_allowed"
    MODULES_DIFFER = "modules_differ"


def submission_refusal(
    executor: str, actions: Sequence[Action], executors: Collection[str], modules: Collection[str]
) -> SubmissionRefusal | None:
    """Whether a listed executor hands in actions that all name the same, allowed module. Addresses in any case."""
    if not any(same(executor, listed) for listed in executors):
        return SubmissionRefusal.EXECUTOR_IS_NOT_LISTED
    if not actions:
        return SubmissionRefusal.NO_ACTIONS
    if not any(same(actions[0].module, allowed) for allowed in modules):
        return SubmissionRefusal.MODULE_IS_NOT_ALLOWED
    if not all(same(action.module, actions[0].module) for action in actions):
        return SubmissionRefusal.MODULES_DIFFER
    return None
