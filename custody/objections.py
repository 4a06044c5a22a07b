"""Whether what an instruction would change can be changed so: asked last, when a quorum wants it."""

from custody.declined import Declined, Refusal
from custody.governance import ApprovalState
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
from custody.keyring import Key, KeyKind, Keyring, Standing
from custody.policies import Operation, Policy

APPROVING = frozenset({KeyKind.ACCOUNT, KeyKind.CONTRACT})
"""The kinds of key that can sign an instruction."""


def objection(state: ApprovalState, instruction: Instruction, now_s: int) -> Declined | None:
    """The first reason why keys, destinations or policies cannot be changed so; None for all else."""
    keyring, objected = state.keyring, None
    match instruction:
        case Admit():
            objected = _to_admission(state, instruction, now_s)
        case ChangePolicy(party=party, policy=policy):
            held = state.policy(party, now_s)
            in_force_s = now_s + (held.notice_s if held else 0)
            objected = _to_policy(policy, state.terms.least_notice_s, keyring, in_force_s)
        case AllowDestination() | RemoveDestination():
            objected = _to_destination(state, instruction)
        case AddKey(new_key=key):
            objected = _to_new_key(keyring, key)
        case RotateKey():
            objected = _to_rotation(state, instruction, now_s)
        case RevokeKey(party=party, old_key=old_key):
            # Not refused where it leaves a quorum out of reach: a stolen key is worse than a party that has to wait.
            objected = _to_old_key(keyring, party, old_key, now_s)
    return objected


def unsatisfied(policy: Policy, keyring: Keyring, at_s: int) -> str | None:
    """Why nobody could meet a policy with the keys that will speak at a time: the first reason, in words."""
    if not any(
        Operation.CHANGE_POLICY in rule.operations and not rule.asset and not rule.venue for rule in policy.rules
    ):
        return "no rule says who may change the policy"
    for number, rule in enumerate(policy.rules):
        for quorum in rule.quorums:
            group = policy.group(quorum.group)
            signers = set(group.signers) & keyring.speakers(group.party, at_s, APPROVING) if group else set()
            if len(signers) < quorum.required:
                return (
                    f"rule {number} asks for {quorum.required} of {quorum.group}, "
                    f"where {len(signers)} will hold a key that can approve"
                )
    return None


def _to_admission(state: ApprovalState, admission: Admit, now_s: int) -> Declined | None:
    keyring = state.keyring
    for holding in admission.keys:
        if objected := _to_new_key(keyring, holding.key):
            return objected
        keyring = keyring.add(holding, now_s)
    return _to_policy(admission.policy, state.terms.least_notice_s, keyring, now_s)


def _to_policy(policy: Policy, least_notice_s: int, keyring: Keyring, in_force_s: int) -> Declined | None:
    if policy.notice_s < least_notice_s:
        why = f"{policy.notice_s} s of notice; the custodian's terms ask for {least_notice_s}"
        return Declined(Refusal.NOTICE_IS_TOO_SHORT, why)
    why_not = unsatisfied(policy, keyring, in_force_s)
    return Declined(Refusal.POLICY_CANNOT_BE_SATISFIED, why_not) if why_not else None


def _to_destination(state: ApprovalState, instruction: AllowDestination | RemoveDestination) -> Declined | None:
    asset, destination = instruction.asset, instruction.destination
    listed = state.good_from_s(instruction.party, asset, destination) is not None
    if listed and isinstance(instruction, AllowDestination):
        return Declined(Refusal.DESTINATION_IS_ALREADY_ALLOWED, f"{destination} is on the list for {asset}")
    if not listed and isinstance(instruction, RemoveDestination):
        return Declined(Refusal.DESTINATION_IS_NOT_LISTED, f"{destination} is not on the list for {asset}")
    return None


def _to_rotation(state: ApprovalState, rotation: RotateKey, now_s: int) -> Declined | None:
    keyring = state.keyring
    if objected := _to_old_key(keyring, rotation.party, rotation.old_key, now_s):
        return objected
    if keyring.standing(rotation.old_key, now_s) is Standing.RETIRING:
        return Declined(Refusal.KEY_IS_BEING_REPLACED, f"{rotation.old_key} has its successor already")
    if objected := _to_new_key(keyring, rotation.new_key):
        return objected
    tenure = keyring.find(rotation.old_key)
    if tenure and (tenure.holding.key.kind in APPROVING) != (rotation.new_key.kind in APPROVING):
        return Declined(
            Refusal.KEY_IS_OF_ANOTHER_KIND,
            f"{rotation.new_key.kind} cannot do what {tenure.holding.key.kind} does",
        )
    latest_s = now_s + state.terms.longest_overlap_s
    if not now_s <= rotation.overlap_ends_at_s <= latest_s:
        why = f"the overlap ends at {rotation.overlap_ends_at_s}; expected {now_s} to {latest_s}"
        return Declined(Refusal.OVERLAP_IS_OUTSIDE_BOUNDS, why)
    return None


def _to_old_key(keyring: Keyring, party: str, old_key: str, now_s: int) -> Declined | None:
    tenure = keyring.find(old_key)
    if tenure is None or tenure.holding.party != party:
        return Declined(Refusal.KEY_IS_NOT_THE_PARTYS, f"{old_key} is no key of {party}")
    standing = tenure.standing(now_s)
    return None if standing.speaks else Declined(Refusal.KEY_DOES_NOT_SPEAK, f"{old_key} is {standing}")


def _to_new_key(keyring: Keyring, key: Key) -> Declined | None:
    if keyring.find(key.value) is None:
        return None
    return Declined(Refusal.KEY_IS_ALREADY_KNOWN, f"{key.value} is or was somebody's; a key is never given again")
