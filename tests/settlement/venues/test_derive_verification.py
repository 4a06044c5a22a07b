"""Verification in the specified order, with real signatures; session keys and their ends; contracts that sign."""

from dataclasses import replace

import pytest

from custody.signers import LocalSigner
from settlement.venues.derive_actions import Action, SignedAction, matching_domain
from settlement.venues.derive_verification import (
    ActionRefusal,
    SessionKeys,
    SubmissionRefusal,
    Verifier,
    submission_refusal,
)

OWNER, SESSION, STRANGER = (LocalSigner.for_demonstration(role) for role in ("owner", "session key", "stranger"))
MODULE = "0x" + "cd" * 20
SEPARATOR = matching_domain(957, "0x" + "ab" * 20).separator()
NOW_S = 1_800_000_000
EXPIRED, FOREIGN, NO_KEY, UNSIGNED = ActionRefusal


def signed(
    signer: LocalSigner, by: LocalSigner | None = None, expiry_s: int = NOW_S, owner: str = OWNER.address
) -> SignedAction:
    action = Action(7, 1, MODULE, b"told", expiry_s, owner, signer.address)
    return SignedAction(action, (by or signer).sign_digest(action.digest(SEPARATOR)))


def verifier(keys: SessionKeys | None = None) -> Verifier:
    return Verifier(SEPARATOR, {7: OWNER.address.lower()}, keys or SessionKeys())


def test_an_owner_and_a_session_key_sign() -> None:
    keys = SessionKeys()
    assert keys.register(SESSION.address, OWNER.address.lower(), NOW_S)
    for signer in (OWNER, SESSION):
        assert verifier(keys).refusal(signed(signer), NOW_S) is None
    assert verifier(keys).refusal(signed(SESSION, expiry_s=NOW_S + 9), NOW_S + 1) is NO_KEY


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (signed(STRANGER, by=OWNER, expiry_s=NOW_S - 1, owner=STRANGER.address), EXPIRED),
        (signed(SESSION, by=STRANGER, owner=STRANGER.address), FOREIGN),
        (signed(SESSION, by=STRANGER), NO_KEY),
        (signed(SESSION), NO_KEY),
        (signed(OWNER, by=STRANGER), UNSIGNED),
        (replace(signed(OWNER), signature=b""), UNSIGNED),
        (replace(signed(OWNER), signature=signed(OWNER).signature[:64] + b"\x00"), UNSIGNED),
        (replace(signed(OWNER), action=replace(signed(OWNER).action, data=b"other")), UNSIGNED),
        (replace(signed(OWNER), action=replace(signed(OWNER).action, nonce=2)), UNSIGNED),
    ],
)
def test_refusals_in_their_order(given: SignedAction, refusal: ActionRefusal) -> None:
    assert verifier().refusal(given, NOW_S) is refusal


def test_a_subaccount_that_is_not_there_yet_has_no_owner() -> None:
    action = replace(signed(STRANGER).action, subaccount_id=0, owner=STRANGER.address)
    assert verifier().refusal(SignedAction(action, STRANGER.sign_digest(action.digest(SEPARATOR))), NOW_S) is None


def test_session_keys_are_only_prolonged_and_end_ten_minutes_after_they_are_cancelled() -> None:
    keys, who = SessionKeys(), (SESSION.address, OWNER.address)
    assert not keys.cancel(*who, NOW_S)
    assert keys.register(*who, NOW_S + 9_999)
    assert not keys.register(*who, NOW_S + 9_999)
    assert keys.register(*who, NOW_S + 10_000)
    assert keys.cancel(*who, NOW_S)
    assert [keys.signs(*who, NOW_S + after) for after in (600, 601)] == [True, False]
    assert not keys.signs(OWNER.address, SESSION.address, NOW_S)  # the other way round it is nobody's key


def test_a_contract_signs_for_itself() -> None:
    wallet, asked = "0x" + "ee" * 20, []

    def answers(address: str, digest: bytes, signature: bytes) -> bool:
        asked.append(digest)
        return (address, signature) == (wallet, b"\x01whatever it takes")

    action = replace(signed(OWNER).action, owner=wallet, signer=wallet, subaccount_id=8)
    at = Verifier(SEPARATOR, {}, SessionKeys(), answers)
    assert at.refusal(SignedAction(action, b"\x01whatever it takes"), NOW_S) is None
    assert at.refusal(SignedAction(action, b"another"), NOW_S) is UNSIGNED
    assert asked == [action.digest(SEPARATOR)] * 2
    assert verifier().refusal(SignedAction(action, b"\x01whatever it takes"), NOW_S) is UNSIGNED


ONE, OTHER = signed(OWNER).action, replace(signed(OWNER).action, module="0x" + "ce" * 20)


@pytest.mark.parametrize(("executor", "actions", "refusal"), [
    (OWNER.address, [], SubmissionRefusal.EXECUTOR_IS_NOT_LISTED),
    (STRANGER.address, [], SubmissionRefusal.NO_ACTIONS),
    (STRANGER.address.lower(), [OTHER, ONE], SubmissionRefusal.MODULE_IS_NOT_ALLOWED),
    (STRANGER.address, [ONE, OTHER], SubmissionRefusal.MODULES_DIFFER),
    (STRANGER.address, [ONE, replace(ONE, module=MODULE.upper().replace("X", "x"))], None),
])  # fmt: skip
def test_what_is_handed_in_together(executor: str, actions: list[Action], refusal: SubmissionRefusal | None) -> None:
    assert submission_refusal(executor, actions, [STRANGER.address], [MODULE]) is refusal
    assert ActionRefusal.SESSION_KEY_HAS_EXPIRED.retry_may_succeed
    assert not EXPIRED.retry_may_succeed
