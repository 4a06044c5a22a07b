"""Both ways to recover say the same of any signature, good or not; and there is one proper form of each."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody import curve
from custody.curve import ORDER, Flaw, completed, flaw, is_signed_by, recover_fast, recover_plainly
from custody.signers import LocalSigner

digests = st.binary(min_size=32, max_size=32)
numbers = st.integers(1, ORDER - 1)


def test_the_fast_way_is_taken_where_it_is_installed() -> None:
    assert curve.FAST
    assert curve._recover is recover_fast


def test_without_coincurve_the_plain_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no wheel of it for every Python; the same module, loaded where it cannot be imported."""
    monkeypatch.setitem(sys.modules, "coincurve", None)
    spec = spec_from_file_location("curve_without_coincurve", str(curve.__file__))
    assert spec is not None
    assert spec.loader is not None
    plain = module_from_spec(spec)
    spec.loader.exec_module(plain)
    signer, digest = LocalSigner.for_demonstration("anyone"), bytes(range(32))
    signature = signer.sign_digest(digest)
    assert (plain.FAST, plain._recover) == (False, plain.recover_plainly)
    assert plain.is_signed_by(signer.address, digest, signature)
    assert not plain.is_signed_by(signer.address, digest[::-1], signature)


@settings(max_examples=25, deadline=None)
@given(digests, numbers, numbers, st.sampled_from([27, 28]))
@example(bytes(32), 5, 7, 27)
@example(bytes(32), ORDER - 1, 1, 28)
def test_two_ways_to_recover_agree_on_any_numbers(digest: bytes, r: int, s: int, v: int) -> None:
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])
    assert recover_fast(digest, signature) == recover_plainly(digest, signature)


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=8), digests)
def test_two_ways_to_recover_find_who_signed(role: bytes, digest: bytes) -> None:
    signer = LocalSigner.for_demonstration(role.hex())
    signature = signer.sign_digest(digest)
    for recover in (recover_fast, recover_plainly):
        key = recover(digest, signature)
        assert key is not None
        assert curve.address_of(key) == signer.address
    assert is_signed_by(signer.address, digest, signature)
    assert not is_signed_by(signer.address, digest[::-1] + b"x", signature)
    assert not is_signed_by(LocalSigner.for_demonstration("other").address, digest, signature)


@settings(max_examples=50, deadline=None)
@given(digests)
def test_of_the_two_signatures_with_one_meaning_only_one_has_the_proper_form(digest: bytes) -> None:
    signer = LocalSigner.for_demonstration("anyone")
    low = signer.sign_digest(digest)
    r, s = int.from_bytes(low[:32], "big"), int.from_bytes(low[32:64], "big")
    high = low[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - low[64]])
    assert recover_fast(digest, high) == recover_fast(digest, low), "it is a signature, of the same key"
    assert (flaw(low), flaw(high)) == (None, Flaw.HIGH_S)
    assert not is_signed_by(signer.address, digest, high)
    assert completed(digest, r, ORDER - s, signer.address) == completed(digest, r, s, signer.address) == low


def test_numbers_of_nobody_are_completed_to_nothing() -> None:
    signer = LocalSigner.for_demonstration("anyone")
    assert completed(bytes(32), 5, 7, signer.address) is None


def test_the_border_between_low_and_high() -> None:
    r = (1).to_bytes(32, "big")
    for s, verdict in ((ORDER // 2, None), (ORDER // 2 + 1, Flaw.HIGH_S), (ORDER - 1, Flaw.HIGH_S),
                       (ORDER, Flaw.MALFORMED), (0, Flaw.MALFORMED)):  # fmt: skip
        assert flaw(r + s.to_bytes(32, "big") + b"\x1b") is verdict
    assert flaw(ORDER.to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\x1b") is Flaw.MALFORMED
