"""Keys come, are replaced without a gap and end at once; and the past can still be told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.keyring import Holding, Key, KeyKind, Keyring, KeyringError, Standing
from custody.shapes import FieldError
from custody.signers import LocalSigner

FUND = "client/fund"
KEYS = [Key(KeyKind.ACCOUNT, LocalSigner.for_demonstration(f"key {n}").address) for n in range(6)]
ONE, TWO, THREE = KEYS[:3]


def started() -> Keyring:
    return Keyring().add(Holding(FUND, "treasurer", ONE), 100).add(Holding(FUND, "deputy", TWO), 100)


def test_a_rotation_leaves_no_moment_without_a_key() -> None:
    keyring = started().rotate(ONE.value, THREE, 200, 300)
    standings = {at_s: (keyring.standing(ONE.value, at_s), keyring.standing(THREE.value, at_s))
                 for at_s in (99, 100, 199, 200, 299, 300)}  # fmt: skip
    assert standings == {
        99: (Standing.NOT_YET_ADDED, Standing.NOT_YET_ADDED),
        100: (Standing.RETIRING, Standing.NOT_YET_ADDED),
        199: (Standing.RETIRING, Standing.NOT_YET_ADDED),
        200: (Standing.RETIRING, Standing.CURRENT),
        299: (Standing.RETIRING, Standing.CURRENT),
        300: (Standing.RETIRED, Standing.CURRENT),
    }
    assert all(any(standing.speaks for standing in pair) for at_s, pair in standings.items() if at_s >= 100)
    assert keyring.speakers(FUND, 99) == frozenset()
    assert keyring.speakers(FUND, 250) == keyring.speakers(FUND, 300) == {"treasurer", "deputy"}


def test_a_revocation_is_at_once_and_changes_no_answer_about_before() -> None:
    keyring = started().revoke(ONE.value, 200)
    assert [keyring.standing(ONE.value, at_s) for at_s in (199, 200)] == [Standing.CURRENT, Standing.REVOKED]
    assert keyring.speakers(FUND, 200) == {"deputy"}
    tenure = keyring.find(ONE.value)
    assert tenure is not None
    assert (tenure.holding.signer, tenure.added_at_s, tenure.revoked_at_s) == ("treasurer", 100, 200)


def test_a_key_that_retires_can_still_be_revoked_and_its_successor_stays() -> None:
    keyring = started().rotate(ONE.value, THREE, 200, 300).revoke(ONE.value, 250)
    assert [keyring.standing(ONE.value, at_s) for at_s in (249, 250, 300)] == [
        Standing.RETIRING, Standing.REVOKED, Standing.REVOKED,
    ]  # fmt: skip
    assert keyring.standing(THREE.value, 250) is Standing.CURRENT


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda ring: ring.add(Holding(FUND, "deputy", ONE), 200), "is or was a key already"),
        (lambda ring: ring.revoke(ONE.value, 200).add(Holding(FUND, "treasurer", ONE), 300), "is or was a key"),
        (lambda ring: ring.rotate(ONE.value, TWO, 200, 300), "is or was a key already"),
        (lambda ring: ring.rotate(THREE.value, TWO, 200, 300), "is nobody's key"),
        (lambda ring: ring.rotate(ONE.value, THREE, 200, 300).rotate(ONE.value, KEYS[4], 250, 400), "is retiring"),
        (lambda ring: ring.revoke(ONE.value, 200).rotate(ONE.value, THREE, 200, 300), "is revoked"),
        (lambda ring: ring.revoke(ONE.value, 200).revoke(ONE.value, 300), "is revoked: it does not speak"),
        (lambda ring: ring.rotate(ONE.value, THREE, 200, 300).revoke(ONE.value, 300), "is retired"),
        (lambda ring: ring.revoke(THREE.value, 300), "is nobody's key"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_to_a_key(change: object, why: str) -> None:
    assert callable(change)
    with pytest.raises(KeyringError, match=why):
        change(started())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (KeyKind.ACCOUNT, ONE.value.lower()),
        (KeyKind.CONTRACT, ONE.value[:-1]),
        (KeyKind.ACCOUNT, "0x" + "ab" * 32),
        (KeyKind.ED25519, ONE.value),
        (KeyKind.ED25519, "0x" + "AB" * 32),
    ],
)
def test_a_public_value_has_one_spelling(kind: KeyKind, value: str) -> None:
    with pytest.raises(FieldError, match=r"^value: "):
        Key(kind, value)


steps = st.lists(st.tuples(st.sampled_from(["add", "rotate", "revoke"]), st.integers(0, 5), st.integers(0, 5)))


@settings(max_examples=200)
@given(steps)
def test_what_was_true_of_a_time_stays_true_of_it(script: list[tuple[str, int, int]]) -> None:
    """Whatever happens later, no key gains or loses its voice in the past, and no signer has two current keys."""
    keyring, told = Keyring(), {}
    for at_s, (what, one, other) in enumerate(script):
        try:
            if what == "add":
                keyring = keyring.add(Holding(FUND, f"signer{other}", KEYS[one]), at_s)
            elif what == "rotate":
                keyring = keyring.rotate(KEYS[one].value, KEYS[other], at_s, at_s + 3)
            else:
                keyring = keyring.revoke(KEYS[one].value, at_s)
        except KeyringError:
            continue
        told[at_s] = [keyring.standing(key.value, at_s).speaks for key in KEYS]
    for at_s, spoke in told.items():
        assert [keyring.standing(key.value, at_s).speaks for key in KEYS] == spoke
