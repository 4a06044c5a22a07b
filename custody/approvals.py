"""Whether an instruction is accepted: a function of the state, the signed instruction, the time and what was seen.

Nothing of the caller is trusted but the bytes of the signatures. The answer is an approval, which says by whose word
and by which rule, or the first reason why not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from custody.amounts import Amount
from custody.declined import Declined, Refusal
from custody.governance import Accepted, ApprovalState, effective_at_s
from custody.instructions import Admit, Instruction
from custody.keyring import Holding
from custody.objections import objection
from custody.ruling import lacking, ruling
from custody.signatories import Question, claimed, disproof
from custody.signed import SignedInstruction
from custody.typed_data import Domain


@dataclass(frozen=True, slots=True)
class Seen:
    """What the log of accepted instructions already holds: the digest under the same id, and whether the authority's
    nonce is used. Looked up by whoever keeps the log, so that the state need not grow with it.
    """

    digest_of_id: bytes | None = None
    nonce_is_used: bool = False


NEW = Seen()
UNASKED: Mapping[Question, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Approval:
    """An accepted instruction: `rule` is the place of the rule in the policy of the instruction's authority that was in
    force, `approvers` are those whose signatures it rests on. Times are UTC seconds.
    """

    signed: SignedInstruction
    digest: bytes
    accepted_at_s: int
    effective_at_s: int
    rule: int
    approvers: tuple[Holding, ...]

    @property
    def accepted(self) -> Accepted:
        """As `governance.apply` takes it."""
        return Accepted(self.signed.instruction, self.accepted_at_s)


def decide(
    state: ApprovalState,
    signed: SignedInstruction,
    now_s: int,
    seen: Seen = NEW,
    answers: Mapping[Question, bool] = UNASKED,
) -> Approval | Declined:
    """Accept or decline. `answers`: what contracts said to `signatories.questions`, none where no chain could be asked.

    The caller applies the approval and stores the instruction in one transaction, else two could pass with one nonce.
    """
    instruction = signed.instruction
    # A clock that steps back must not let a key speak that was revoked, or an older policy decide.
    now_s = max(now_s, state.as_of_s)
    declined = (
        _elsewhere(state.terms.domain, signed.domain)
        or _repeated(signed, seen)
        or _untimely(instruction, now_s, state.terms.longest_life_s)
        or _unknown(state, instruction, now_s)
    )
    policy = state.policy(instruction.authority, now_s)
    if declined or policy is None:
        return declined or Declined(Refusal.PARTY_IS_UNKNOWN, f"{instruction.authority} has no policy")
    approvers = claimed(state, policy, signed, now_s)
    if isinstance(approvers, Declined):
        return approvers
    digest = signed.digest()
    rule = disproof(state, signed, digest, answers) or ruling(state, policy, instruction, now_s)
    if isinstance(rule, Declined):
        return rule
    missing = lacking(policy, policy.rules[rule], approvers)
    short = Declined(Refusal.QUORUM_IS_NOT_REACHED, missing) if missing else None
    if objected := short or objection(state, instruction, now_s):
        return objected
    in_force_s = effective_at_s(state, instruction, now_s)
    return Approval(signed, digest, now_s, in_force_s, rule, approvers)


def _elsewhere(ours: Domain, told: Domain) -> Declined | None:
    """A signature for another place. Told as it says itself; if it lies, its signatures are nobody's here."""
    if (told.name, told.version) != (ours.name, ours.version):
        why = f"signed for {told.name} {told.version}, this is {ours.name} {ours.version}"
        return Declined(Refusal.DOMAIN_IS_WRONG, why)
    if told.chain_id != ours.chain_id:
        return Declined(Refusal.CHAIN_IS_WRONG, f"signed for chain {told.chain_id}, this is {ours.chain_id}")
    if told.contract.lower() != ours.contract.lower():
        return Declined(Refusal.CONTRACT_IS_WRONG, f"signed for {told.contract}, this is {ours.contract}")
    return None


def _repeated(signed: SignedInstruction, seen: Seen) -> Declined | None:
    name = signed.instruction.id
    if seen.digest_of_id is not None:
        if seen.digest_of_id == signed.digest():
            return Declined(Refusal.ALREADY_ACCEPTED, f"{name} was accepted before")
        return Declined(Refusal.ID_HAS_OTHER_CONTENT, f"{name} was accepted with other content")
    if seen.nonce_is_used:
        nonce, authority = signed.instruction.nonce, signed.instruction.authority
        return Declined(Refusal.NONCE_IS_USED, f"nonce {nonce} of {authority} was used before")
    return None


def _untimely(instruction: Instruction, now_s: int, longest_life_s: int) -> Declined | None:
    if instruction.expires_at_s <= now_s:
        return Declined(Refusal.EXPIRED, f"it was good before {instruction.expires_at_s}, now is {now_s}")
    if now_s < instruction.valid_from_s:
        return Declined(Refusal.NOT_YET_VALID, f"it is good from {instruction.valid_from_s} on, now is {now_s}")
    if instruction.expires_at_s > now_s + longest_life_s:
        latest_s = now_s + longest_life_s
        return Declined(Refusal.EXPIRES_TOO_LATE, f"it expires at {instruction.expires_at_s}, after {latest_s}")
    return None


def _unknown(state: ApprovalState, instruction: Instruction, now_s: int) -> Declined | None:
    """A party or an asset that this custodian does not have."""
    if isinstance(instruction, Admit):
        if instruction.party in state.policies:
            return Declined(Refusal.PARTY_IS_ALREADY_ADMITTED, f"{instruction.party} is here already")
    elif state.policy(instruction.party, now_s) is None:
        return Declined(Refusal.PARTY_IS_UNKNOWN, f"{instruction.party} was never admitted")
    amount = getattr(instruction, "amount", None)
    symbol = amount.asset if isinstance(amount, Amount) else getattr(instruction, "asset", "")
    asset = state.terms.asset(symbol)
    if symbol and asset is None:
        return Declined(Refusal.ASSET_IS_UNKNOWN, f"{symbol} is not kept here")
    if isinstance(amount, Amount) and asset is not None and amount.scale != asset.scale:
        why = f"{amount} has {amount.scale} places, {symbol} has {asset.scale} here"
        return Declined(Refusal.SCALE_IS_WRONG, why)
    return None
