"""Ed25519 signatures: for one purpose, by one key, over exact bytes."""

import pickle
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.attestors import Attestor, LocalAttestor, attested, is_attested
from custody.keyring import Key, KeyKind
from custody.signers import LocalSigner

SEED = sha256(b"a seed that must not be seen").digest()
ATTESTOR: Attestor = LocalAttestor(SEED)


def test_the_key_of_rfc_8032() -> None:
    """Section 7.1, test 1: the public key of its secret, and its signature of nothing."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    attestor = LocalAttestor(seed)
    assert attestor.key.value == "0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert attestor._private.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974")


@given(st.binary(max_size=200), st.text("abc ", min_size=1, max_size=9))
def test_what_was_signed_is_attested_and_nothing_near_it(statement: bytes, purpose: str) -> None:
    signature = ATTESTOR.attest(purpose, statement)
    assert len(signature) == 64
    assert signature == ATTESTOR.attest(purpose, statement)
    assert is_attested(ATTESTOR.key, purpose, statement, signature)
    assert not is_attested(ATTESTOR.key, purpose, statement + b"\x00", signature)
    assert not is_attested(ATTESTOR.key, purpose + ".", statement, signature)
    assert not is_attested(LocalAttestor(bytes(32)).key, purpose, statement, signature)
    for index in (0, 31, 32, 63):
        forged = bytes(byte ^ (place == index) for place, byte in enumerate(signature))
        assert not is_attested(ATTESTOR.key, purpose, statement, forged)


def test_purpose_and_statement_do_not_run_into_each_other() -> None:
    assert attested("a", b"b\nc") == b"bulkhead\na\nb\nc"
    with pytest.raises(ValueError, match="a purpose is one line"):
        attested("a\nb", b"c")


def test_what_is_no_signature_or_no_key_attests_nothing() -> None:
    signature = ATTESTOR.attest("x", b"y")
    for other in (b"", signature[:63], signature + b"\x00", bytes(64)):
        assert not is_attested(ATTESTOR.key, "x", b"y", other)
    account = Key(KeyKind.ACCOUNT, LocalSigner.for_demonstration("x").address)
    assert not is_attested(account, "x", b"y", signature)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_has_32_bytes_and_is_not_shown(length: int) -> None:
    with pytest.raises(ValueError, match=f"an Ed25519 key has 32 bytes, this has {length}"):
        LocalAttestor(bytes(length))


def test_nothing_shows_the_seed() -> None:
    attestor = LocalAttestor(SEED)
    for text in (repr(attestor), str(attestor), f"{attestor}", str([attestor])):
        assert attestor.key.value in text
        assert SEED.hex() not in text
    assert not hasattr(attestor, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(attestor)
