"""Who may instruct what, as a value: rebuilt from the log of accepted instructions, changed by nothing else.

Keys, policies and destinations are under instructions themselves. What lets more happen waits for the policy's notice
(a destination, a policy); what lets less happen is at once (a revoked key, a removed destination). Nothing has to run
when a notice ends: everything carries the second from which it is in force.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from custody.instructions import (
    AddKey,
    Admit,
    AllowDestination,
    ChangePolicy,
    Instruction,
    RemoveDestination,
    RevokeKey,
    RotateKey,
)
from custody.keyring import Holding, Keyring
from custody.money import Asset
from custody.policies import Policy
from custody.typed_data import Domain


@dataclass(frozen=True, slots=True)
class Terms:
    """What no instruction changes. Times in seconds: how far ahead an instruction may expire, the shortest notice that
    a policy may give, how long a replaced key may go on.
    """

    domain: Domain
    assets: tuple[Asset, ...]
    longest_life_s: int = 7 * 86_400
    least_notice_s: int = 86_400
    longest_overlap_s: int = 30 * 86_400

    def asset(self, symbol: str) -> Asset | None:
        """The asset of this symbol."""
        return next((asset for asset in self.assets if asset.symbol == symbol), None)


@dataclass(frozen=True, slots=True)
class Dated:
    """A policy, and from which second it is in force."""

    policy: Policy
    from_s: int


Place = tuple[str, str, str]
"""Party, asset, destination."""


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """Everything that an instruction is judged by. Its size follows parties, keys and destinations, not instructions.

    `policies` per party in the order of their times, past ones included; `destinations` with the second from which
    each is good; `as_of_s` is when the last change was accepted.
    """

    terms: Terms
    keyring: Keyring = field(default_factory=Keyring)
    policies: Mapping[str, tuple[Dated, ...]] = field(default_factory=lambda: MappingProxyType({}))
    destinations: Mapping[Place, int] = field(default_factory=lambda: MappingProxyType({}))
    as_of_s: int = 0

    def policy(self, party: str, at_s: int) -> Policy | None:
        """The policy of a party in force at a time; None for a party that was not admitted by then."""
        dated = [one for one in self.policies.get(party, ()) if one.from_s <= at_s]
        return dated[-1].policy if dated else None

    def good_from_s(self, party: str, asset: str, destination: str) -> int | None:
        """From when on assets may go there; None for a destination that is not listed."""
        return self.destinations.get((party, asset, destination))


class GovernanceError(ValueError):
    """A log that cannot be true: it goes back in time, or has a change for a party that was never admitted."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An instruction of the log, and when it was accepted, UTC seconds."""

    instruction: Instruction
    accepted_at_s: int


def effective_at_s(state: ApprovalState, instruction: Instruction, accepted_at_s: int) -> int:
    """From when on an accepted instruction is in force: at once, or after the notice of the policy that let it."""
    if not isinstance(instruction, AllowDestination | ChangePolicy):
        return accepted_at_s
    policy = state.policy(instruction.party, accepted_at_s)
    if policy is None:
        raise GovernanceError(f"{instruction.id}: {instruction.party} was not admitted by {accepted_at_s}")
    return accepted_at_s + policy.notice_s


def apply(state: ApprovalState, accepted: Accepted) -> ApprovalState:
    """The state after one accepted instruction; the same state for one that governs nothing.

    Raises KeyringError or GovernanceError where the state cannot have accepted it.
    """
    instruction, at_s = accepted.instruction, accepted.accepted_at_s
    if not instruction.operation.governs:
        return state
    if at_s < state.as_of_s:
        raise GovernanceError(f"{instruction.id}: accepted at {at_s}, after a change at {state.as_of_s}")
    return _changed(replace(state, as_of_s=at_s), instruction, at_s)


def _changed(state: ApprovalState, instruction: Instruction, at_s: int) -> ApprovalState:
    match instruction:
        case Admit():
            return _admitted(state, instruction, at_s)
        case ChangePolicy():
            dated = Dated(instruction.policy, effective_at_s(state, instruction, at_s))
            # A change that was still waiting is replaced: instructing the old policy again takes it back.
            kept = tuple(one for one in state.policies[instruction.party] if one.from_s <= at_s)
            return _with_policies(state, instruction.party, (*kept, dated))
        case AllowDestination(party=party, asset=asset, destination=destination):
            good_from_s = effective_at_s(state, instruction, at_s)
            listed = {**state.destinations, (party, asset, destination): good_from_s}
            return replace(state, destinations=MappingProxyType(listed))
        case RemoveDestination(party=party, asset=asset, destination=destination):
            place = (party, asset, destination)
            left = {one: good_s for one, good_s in state.destinations.items() if one != place}
            return replace(state, destinations=MappingProxyType(left))
        case AddKey() | RotateKey() | RevokeKey():
            return replace(state, keyring=_turned(state.keyring, instruction, at_s))
    return state


def fold(state: ApprovalState, log: Iterable[Accepted]) -> ApprovalState:
    """The state after a log, in its order. Instructions that govern nothing may be left out: they change nothing."""
    for accepted in log:
        state = apply(state, accepted)
    return state


def genesis(terms: Terms, admissions: Iterable[Admit], at_s: int) -> ApprovalState:
    """The state in which the log begins: the custodian, and who else was there before anybody could sign."""
    return fold(ApprovalState(terms), (Accepted(admission, at_s) for admission in admissions))


def _admitted(state: ApprovalState, admission: Admit, at_s: int) -> ApprovalState:
    keyring = state.keyring
    for holding in admission.keys:
        keyring = keyring.add(holding, at_s)
    if admission.party in state.policies:
        raise GovernanceError(f"{admission.id}: {admission.party} is admitted already")
    with_keys = replace(state, keyring=keyring)
    return _with_policies(with_keys, admission.party, (Dated(admission.policy, at_s),))


def _turned(keyring: Keyring, instruction: AddKey | RotateKey | RevokeKey, at_s: int) -> Keyring:
    if isinstance(instruction, AddKey):
        return keyring.add(Holding(instruction.party, instruction.signer, instruction.new_key), at_s)
    if isinstance(instruction, RotateKey):
        return keyring.rotate(instruction.old_key, instruction.new_key, at_s, instruction.overlap_ends_at_s)
    return keyring.revoke(instruction.old_key, at_s)


def _with_policies(state: ApprovalState, party: str, dated: tuple[Dated, ...]) -> ApprovalState:
    return replace(state, policies=MappingProxyType({**state.policies, party: dated}))
