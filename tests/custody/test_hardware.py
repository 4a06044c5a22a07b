"""A real PKCS#11 token (SoftHSM2): it signs as any signer, gives no key away, and its faults have names."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import AttributeSensitive, KeyUnextractable, PKCS11Error

from custody.curve import Flaw, flaw, is_signed_by
from custody.hardware import (
    HardwareToken,
    KeyExistsError,
    KeyMissingError,
    PinError,
    TokenError,
    TokenLostError,
    TokenMissingError,
)
from custody.signed import SignedInstruction
from custody.signers import Signer
from scripts.softhsm import SoftToken, missing, soft_token
from tests.custody.approving import withdrawal

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

DIGESTS = [sha256(bytes([number])).digest() for number in range(64)]


@pytest.fixture
def soft(tmp_path: Path) -> Iterator[SoftToken]:
    with soft_token(tmp_path) as token:
        yield token


@pytest.fixture
def token(soft: SoftToken) -> Iterator[HardwareToken]:
    with HardwareToken(soft.library, soft.label, soft.pin) as opened:
        yield opened


def test_it_signs_as_any_signer_does(token: HardwareToken) -> None:
    signer: Signer = token.make_key("hot")
    signatures = [signer.sign_digest(digest) for digest in DIGESTS]
    for digest, signature in zip(DIGESTS, signatures, strict=True):
        assert flaw(signature) is None
        assert is_signed_by(signer.address, digest, signature)
    assert {signature[64] for signature in signatures} == {27, 28}
    signed = withdrawal().signed().signed_by(signer)
    assert isinstance(signed, SignedInstruction)
    assert is_signed_by(signer.address, signed.digest(), signed.signatures[-1].signature.value)


def test_the_token_itself_gives_high_s_too(token: HardwareToken) -> None:
    """Control: were it always low, the test above would say nothing of our part."""
    signer = token.make_key("hot")
    raw = [token.sign(signer._key, digest) + b"\x1b" for digest in DIGESTS]
    assert {flaw(one) for one in raw} == {None, Flaw.HIGH_S}


def test_the_private_value_cannot_be_read_or_made_readable(token: HardwareToken) -> None:
    key = token.make_key("hot")._key
    with pytest.raises(AttributeSensitive):
        key[Attribute.VALUE]
    told = {name: key[name] for name in (Attribute.SENSITIVE, Attribute.EXTRACTABLE, Attribute.LOCAL,
                                         Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE, Attribute.DERIVE)
    }  # fmt: skip
    assert told == {
        Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.LOCAL: True,
        Attribute.ALWAYS_SENSITIVE: True, Attribute.NEVER_EXTRACTABLE: True, Attribute.DERIVE: False,
    }  # fmt: skip
    for name, value in ((Attribute.SENSITIVE, False), (Attribute.EXTRACTABLE, True)):
        with pytest.raises(PKCS11Error, match="0x1b"):  # CKR_ACTION_PROHIBITED: it is not MODIFIABLE
            key[name] = value
    wrapping = token._session.generate_key(KeyType.AES, 256, store=False)
    with pytest.raises(KeyUnextractable):
        wrapping.wrap_key(key, mechanism=Mechanism.AES_KEY_WRAP)
    assert key[Attribute.SENSITIVE], "and still"
    assert not key[Attribute.EXTRACTABLE]


def test_a_key_stays_in_the_token_and_is_found_again(soft: SoftToken) -> None:
    with HardwareToken(soft.library, soft.label, soft.pin) as token:
        address = token.make_key("hot").address
        assert token.make_key("cold").address != address
    with HardwareToken(soft.library, soft.label, soft.pin) as again:
        signer = again.signer("hot")
        assert signer.address == address
        assert is_signed_by(address, DIGESTS[0], signer.sign_digest(DIGESTS[0]))


def test_a_wrong_pin_and_a_missing_token_library_or_key(soft: SoftToken, tmp_path: Path) -> None:
    for pin in ("9999", "", "x" * 300):
        with pytest.raises(PinError, match="token custody: the PIN is wrong") as refused:
            HardwareToken(soft.library, soft.label, pin)
        assert len(pin) < 4 or pin not in str(refused.value)
    with pytest.raises(TokenMissingError, match="token vault: there is none in"):
        HardwareToken(soft.library, "vault", soft.pin)
    with pytest.raises(TokenMissingError, match=r"nowhere\.so cannot be used"):
        HardwareToken(str(tmp_path / "nowhere.so"), soft.label, soft.pin)
    with HardwareToken(soft.library, soft.label, soft.pin) as token:
        with pytest.raises(KeyMissingError, match="0 keys are called hot, expected one"):
            token.signer("hot")
        with pytest.raises(TokenError, match="this process has a session with it already"):
            HardwareToken(soft.library, soft.label, soft.pin)


def test_a_label_is_given_once(token: HardwareToken) -> None:
    address = token.make_key("hot").address
    with pytest.raises(KeyExistsError, match="key hot is there already"):
        token.make_key("hot")
    assert token.signer("hot").address == address


def test_a_token_that_is_lost_in_use(soft: SoftToken) -> None:
    with HardwareToken(soft.library, soft.label, soft.pin) as token:
        signer = token.make_key("hot")
        signer.sign_digest(DIGESTS[0])
        shutil.rmtree(soft.objects)
        with pytest.raises(TokenLostError, match=r"token custody does not answer any more .*: open it again"):
            signer.sign_digest(DIGESTS[1])


def test_a_session_that_has_ended(soft: SoftToken) -> None:
    with HardwareToken(soft.library, soft.label, soft.pin) as token:
        signer = token.make_key("hot")
    token.close()
    for use in (lambda: signer.sign_digest(DIGESTS[0]), lambda: token.signer("hot"), lambda: token.make_key("cold")):
        with pytest.raises(TokenLostError):
            use()
    with HardwareToken(soft.library, soft.label, soft.pin) as again:
        assert again.signer("hot").address == signer.address, "and it can be opened again"


def test_several_threads_share_a_session(token: HardwareToken) -> None:
    signers = [token.make_key(f"key {number}") for number in range(3)]
    jobs = [(signer, digest) for digest in DIGESTS for signer in signers]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(lambda job: job[0].sign_digest(job[1]), jobs))
    for (signer, digest), signature in zip(jobs, signatures, strict=True):
        assert is_signed_by(signer.address, digest, signature)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_only_a_digest_is_signed(token: HardwareToken, length: int) -> None:
    with pytest.raises(ValueError, match=f"a digest has 32 bytes, this has {length}"):
        token.make_key("hot").sign_digest(bytes(length))


def test_a_token_that_answers_for_another_key_is_not_believed(token: HardwareToken) -> None:
    one, other = token.make_key("one"), token.make_key("other")
    one._key = other._key
    with pytest.raises(TokenError, match="what it signed with one is not the key's signature"):
        one.sign_digest(DIGESTS[0])


def test_nothing_shows_the_pin(soft: SoftToken, token: HardwareToken) -> None:
    signer = token.make_key("hot")
    for text in (repr(token), str(token), repr(signer), str(signer)):
        assert soft.pin not in text.replace(signer.address, "")
    assert signer.address in repr(signer)
    public = [value for value in vars(token).values() if isinstance(value, str)]
    assert public == ["custody"], "the PIN is not kept"
    kinds = token._find(ObjectClass.PRIVATE_KEY, "hot")
    assert len(kinds) == 1
