"""Whose signatures stand under an instruction: all of them good, or none counts.

One bad signature declines the whole instruction, even where the others would do: what is stored as approved is then
good to the last signature, and whoever hands it in can leave the bad one out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custody.curve import Flaw, flaw, is_signed_by
from custody.declined import Declined, Refusal
from custody.governance import ApprovalState
from custody.keyring import Holding, KeyKind, Keyring, Standing
from custody.objections import APPROVING
from custody.policies import Policy
from custody.signed import Signature, SignedInstruction


@dataclass(frozen=True, slots=True)
class Question:
    """What a contract is asked by ERC-1271: is this your signature of this digest?"""

    contract: str
    digest: bytes
    signature: bytes


Answers = Mapping[Question, bool]
"""What contracts have said, asked at one block. A question without an answer could not be asked."""


def questions(state: ApprovalState, signed: SignedInstruction) -> tuple[Question, ...]:
    """What has to be asked on chain before a decision; nothing where no contract has signed."""
    contracts = [one for one in signed.signatures if _is_contract(state.keyring, one.key)]
    digest = signed.digest() if contracts else b""
    return tuple(Question(one.key, digest, one.signature.value) for one in contracts)


def claimed(
    state: ApprovalState, policy: Policy, signed: SignedInstruction, now_s: int
) -> tuple[Holding, ...] | Declined:
    """Who is said to have signed, in order, if their word would count; what costs is left to `disproof`.

    Declined for the reason that stands first among those of all signatures.
    """
    if not signed.signatures:
        return Declined(Refusal.NOT_SIGNED, "there is no signature")
    found: list[tuple[Refusal, str]] = []
    holdings: list[Holding] = []
    for one in signed.signatures:
        refusal = _form(state.keyring, one) or _right(state.keyring, policy, one, now_s)
        tenure = state.keyring.find(one.key)
        if refusal is None and tenure is not None:
            again = any(_person(held) == _person(tenure.holding) for held in holdings)
            refusal = Refusal.SIGNED_TWICE_BY_ONE_SIGNER if again else None
            holdings.append(tenure.holding)
        if refusal is not None:
            found.append((refusal, one.key))
    return _first(state.keyring, found) or tuple(holdings)


def disproof(state: ApprovalState, signed: SignedInstruction, digest: bytes, answers: Answers) -> Declined | None:
    """Why a key or contract that could approve has not signed this digest: asked once `claimed` has let everybody pass,
    so that a stranger cannot have the custodian recover keys.
    """
    proofs = ((_proof(state.keyring, one, digest, answers), one.key) for one in signed.signatures)
    return _first(state.keyring, [(refusal, key) for refusal, key in proofs if refusal is not None])


def _first(keyring: Keyring, found: Sequence[tuple[Refusal, str]]) -> Declined | None:
    if not found:
        return None
    refusal, key = min(found, key=lambda one: one[0].rank)
    return Declined(refusal, f"the signature of {key}{_of(keyring, key)}")


def _form(keyring: Keyring, one: Signature) -> Refusal | None:
    """What is wrong with the bytes; those of a contract's signature are for the contract to judge."""
    if _is_contract(keyring, one.key):
        return None
    wrong = flaw(one.signature.value)
    if wrong is None:
        return None
    return Refusal.SIGNATURE_HAS_HIGH_S if wrong is Flaw.HIGH_S else Refusal.SIGNATURE_IS_MALFORMED


def _right(keyring: Keyring, policy: Policy, one: Signature, now_s: int) -> Refusal | None:
    """Why the key's word would not count, whatever it signed."""
    tenure = keyring.find(one.key)
    if tenure is None:
        return Refusal.SIGNER_IS_UNKNOWN
    holding, standing = tenure.holding, tenure.standing(now_s)
    if holding.key.kind not in APPROVING:
        return Refusal.KEY_CANNOT_APPROVE
    if not standing.speaks:
        return Refusal.KEY_IS_RETIRED if standing is Standing.RETIRED else Refusal.KEY_IS_REVOKED
    groups = [group for group in policy.groups if group.party == holding.party]
    if not groups:
        return Refusal.SIGNER_IS_OF_ANOTHER_PARTY
    return None if any(holding.signer in group.signers for group in groups) else Refusal.SIGNER_HAS_NO_SAY


def _proof(keyring: Keyring, one: Signature, digest: bytes, answers: Answers) -> Refusal | None:
    """Why the key, which could approve, has not signed this."""
    if not _is_contract(keyring, one.key):
        return None if is_signed_by(one.key, digest, one.signature.value) else Refusal.SIGNATURE_IS_NOT_THE_KEYS
    answer = answers.get(Question(one.key, digest, one.signature.value))
    if answer is None:
        return Refusal.CONTRACT_CANNOT_BE_ASKED
    return None if answer else Refusal.CONTRACT_DENIES_SIGNATURE


def _is_contract(keyring: Keyring, key: str) -> bool:
    tenure = keyring.find(key)
    return tenure is not None and tenure.holding.key.kind is KeyKind.CONTRACT


def _person(holding: Holding) -> tuple[str, str]:
    return holding.party, holding.signer


def _of(keyring: Keyring, key: str) -> str:
    tenure = keyring.find(key)
    return f", {tenure.holding.signer} of {tenure.holding.party}" if tenure else ""
