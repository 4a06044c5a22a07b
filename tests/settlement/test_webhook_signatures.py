"""A header that goes with its body, its secret and its time, and with nothing else."""

import hmac
from hashlib import sha256

import pytest

from custody.attestors import LocalAttestor
from settlement.webhook_signatures import Stamp, is_attested_by, is_genuine, secret_of, stamp

MASTER = b"m" * 32
SECRET = secret_of(MASTER, "ep/1")
BODY, NOW_S = b'{"event":"settlement.final"}', 1_769_000_000
SIGNER = LocalAttestor(b"k" * 32)


def test_the_header_is_what_the_document_says() -> None:
    """Written down again with the standard library alone, as a receiver in another language would."""
    expected = hmac.new(SECRET.encode(), b"1769000000." + BODY, sha256).hexdigest()
    assert str(stamp(SECRET, BODY, NOW_S)) == f"t=1769000000,v1={expected}"
    assert Stamp.parse(str(stamp(SECRET, BODY, NOW_S, SIGNER))) == stamp(SECRET, BODY, NOW_S, SIGNER)


def test_whatever_is_changed_is_noticed() -> None:
    header = str(stamp(SECRET, BODY, NOW_S))
    assert is_genuine(header, SECRET, BODY, NOW_S)
    assert is_genuine(header, SECRET, BODY, NOW_S + 300)
    assert not is_genuine(header, SECRET, BODY, NOW_S + 301)
    assert not is_genuine(header, SECRET, BODY, NOW_S - 301)
    assert not is_genuine(header, SECRET, BODY + b" ", NOW_S)
    assert not is_genuine(header, secret_of(MASTER, "ep/2"), BODY, NOW_S)
    assert not is_genuine(header.replace("1769000000", "1769000001"), SECRET, BODY, NOW_S)


@pytest.mark.parametrize(
    "header", ["", "t=,v1=", "t=x,v1=00", "t=1769000000", "v1=00", "t=1769000000,v1=ü", "t=-1,v1=0"]
)
def test_what_is_no_header_is_refused(header: str) -> None:
    assert not is_genuine(header, SECRET, BODY, NOW_S)
    assert not is_attested_by(header, SIGNER.key, BODY)


def test_the_senders_own_key_can_be_shown_to_others() -> None:
    header = str(stamp(SECRET, BODY, NOW_S, SIGNER))
    assert is_attested_by(header, SIGNER.key, BODY)
    assert not is_attested_by(header, LocalAttestor(b"x" * 32).key, BODY)
    assert not is_attested_by(header, SIGNER.key, BODY + b" ")
    assert not is_attested_by(header.replace("ed25519=", "ed25519=zz"), SIGNER.key, BODY)
