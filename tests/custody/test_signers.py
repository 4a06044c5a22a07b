"""Signatures that anybody can check, and a key that nothing prints."""

import hashlib
import pickle

import pytest
from eth_keys.datatypes import Signature
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from custody.curve import parity_and_numbers
from custody.signers import LocalSigner, Signer

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ONE = (1).to_bytes(32, "big")
keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
digests = st.binary(min_size=32, max_size=32)


def recovered(digest: bytes, signature: bytes) -> str:
    """The address that a 65-byte signature with v 27 or 28 speaks for."""
    parts = Signature(signature[:64] + bytes([signature[64] - 27]))
    return to_checksum_address(parts.recover_public_key_from_msg_hash(digest).to_canonical_address())


def test_the_address_and_signature_of_the_key_one() -> None:
    # RFC 6979 over secp256k1 with SHA-256: the widely published vector for key 1 and "Satoshi Nakamoto".
    signer = LocalSigner(ONE)
    assert signer.address == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    signature = signer.sign_digest(hashlib.sha256(b"Satoshi Nakamoto").digest())
    assert signature[:32].hex() == "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
    assert signature[32:64].hex() == "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
    assert recovered(hashlib.sha256(b"Satoshi Nakamoto").digest(), signature) == signer.address


@given(keys, digests)
def test_a_signature_has_a_low_s_and_recovers_to_its_own_address(key: bytes, digest: bytes) -> None:
    signer: Signer = LocalSigner(key)
    signature = signer.sign_digest(digest)
    assert (len(signature), signature[64] in {27, 28}) == (65, True)
    assert 0 < int.from_bytes(signature[:32], "big") < ORDER
    assert 0 < int.from_bytes(signature[32:64], "big") <= ORDER // 2
    assert recovered(digest, signature) == signer.address
    assert signature == LocalSigner(key).sign_digest(digest)


@given(keys, digests)
def test_a_transaction_carries_the_same_numbers(key: bytes, digest: bytes) -> None:
    signature = LocalSigner(key).sign_digest(digest)
    parity, r, s = parity_and_numbers(signature)
    assert r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity + 27]) == signature
    assert parity in {0, 1}


def test_both_parities_and_both_halves_of_the_curve_occur() -> None:
    signer = LocalSigner(ONE)
    last = {signer.sign_digest(bytes([number]) * 32)[64] for number in range(32)}
    assert last == {27, 28}


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_only_a_digest_is_signed(length: int) -> None:
    signer = LocalSigner(ONE)
    with pytest.raises(ValueError, match=f"a digest has 32 bytes, this has {length}"):
        signer.sign_digest(bytes(length))


def test_nothing_shows_the_key() -> None:
    key = hashlib.sha256(b"a key that must not be seen").digest()
    signer = LocalSigner(key)
    public = {name: getattr(signer, name) for name in dir(signer) if not name.startswith("_")}
    shown = [repr(signer), str(signer), format(signer), f"{signer}", f"{signer!r}", str([signer]), str(public)]
    for text in shown:
        assert signer.address in text
        assert key.hex() not in text.lower()
        assert str(int.from_bytes(key, "big")) not in text
        assert repr(key) not in text
    assert not hasattr(signer, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(signer)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_key_of_another_length_is_a_fault_that_does_not_show_it(length: int) -> None:
    key = hashlib.shake_256(b"a key that must not be seen").digest(length)
    with pytest.raises(ValidationError, match="length") as fault:
        LocalSigner(key)
    assert length < 4 or key.hex() not in str(fault.value)


@pytest.mark.parametrize("number", [0, ORDER, 2**256 - 1], ids=hex)
def test_a_number_outside_the_curve_is_no_key(number: int) -> None:
    with pytest.raises(ValidationError):
        LocalSigner(number.to_bytes(32, "big"))


def test_a_demonstration_key_is_the_same_on_every_machine_and_another_for_every_role() -> None:
    roles = ("custodian", "operator", "meridian", "halyard", "")
    addresses = [LocalSigner.for_demonstration(role).address for role in roles]
    assert len(set(addresses)) == len(roles)
    assert addresses == [LocalSigner.for_demonstration(role).address for role in roles]
    assert addresses[0] == "0x37bB7F837d7D51F58aC79dE2BD120B1267c09431"
