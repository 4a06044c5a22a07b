"""A request is served once, while it is fresh, for a key that speaks; every other way to hand it in is refused."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.api_requests import WINDOW_S, Request, RequestRefusal, Window, refusal
from custody.attestors import LocalAttestor
from custody.keyring import Holding, Key, KeyKind, Keyring
from custody.signers import LocalSigner

NOW_S = 1_770_000_000
CLERK, NEXT, GONE, STRANGER = (LocalAttestor(bytes([number]) * 32) for number in range(4))
ACCOUNT = LocalSigner.for_demonstration("treasurer").address
REQUEST = Request("POST", "/instructions?dry=1", b'{"units":"5"}', NOW_S, "n-1")


def keyring() -> Keyring:
    ring = Keyring().add(Holding("client/fund", "clerk", CLERK.key), 0)
    ring = ring.add(Holding("client/fund", "treasurer", Key(KeyKind.ACCOUNT, ACCOUNT)), 0)
    return ring.add(Holding("client/fund", "leaver", GONE.key), 0).revoke(GONE.key.value, NOW_S)


def answer(request: Request = REQUEST, attestor: LocalAttestor = CLERK, **changed: object) -> RequestRefusal | None:
    said = {"key": attestor.key.value, "signature": request.signed_by(attestor), "now_s": NOW_S,
            "nonce_is_used": False, "keyring": keyring(), **changed}  # fmt: skip
    return refusal(request, **said)


def test_the_canonical_text_is_five_lines() -> None:
    assert REQUEST.canonical().decode().split("\n") == [
        "POST",
        "/instructions?dry=1",
        sha256(REQUEST.body).hexdigest(),
        str(NOW_S),
        "n-1",
    ]


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (answer, None),
        (lambda: answer(replace(REQUEST, at_s=NOW_S - WINDOW_S)), None),
        (lambda: answer(replace(REQUEST, at_s=NOW_S + WINDOW_S)), None),
        (lambda: answer(replace(REQUEST, at_s=NOW_S - WINDOW_S - 1), nonce_is_used=True), RequestRefusal.TOO_OLD),
        (lambda: answer(replace(REQUEST, at_s=NOW_S + WINDOW_S + 1)), RequestRefusal.FROM_THE_FUTURE),
        (lambda: answer(attestor=STRANGER, nonce_is_used=True), RequestRefusal.NONCE_IS_USED),
        (lambda: answer(attestor=STRANGER), RequestRefusal.KEY_IS_UNKNOWN),
        (lambda: answer(key=ACCOUNT), RequestRefusal.KEY_IS_FOR_APPROVALS),
        (lambda: answer(attestor=GONE), RequestRefusal.KEY_IS_REVOKED),
        (lambda: answer(attestor=GONE, now_s=NOW_S - 1), None),
        (lambda: answer(signature=bytes(64)), RequestRefusal.SIGNATURE_IS_WRONG),
        (lambda: answer(signature=REQUEST.signed_by(NEXT)), RequestRefusal.SIGNATURE_IS_WRONG),
    ],
)  # fmt: skip
def test_a_request_is_judged_in_order(made: object, refused: RequestRefusal | None) -> None:
    assert callable(made)
    assert made() is refused


def test_a_key_that_is_replaced_goes_on_until_the_overlap_ends() -> None:
    ring = keyring().rotate(CLERK.key.value, NEXT.key, NOW_S, NOW_S + 5)
    for at_s, old, new in (
        (NOW_S, None, None),
        (NOW_S + 4, None, None),
        (NOW_S + 5, RequestRefusal.KEY_IS_RETIRED, None),
    ):
        assert answer(now_s=at_s, keyring=ring) is old
        assert answer(attestor=NEXT, now_s=at_s, keyring=ring) is new


@given(st.sampled_from(["method", "path", "body", "at_s", "nonce"]))
def test_the_signature_covers_every_part(part: str) -> None:
    other = {"method": "GET", "path": "/instructions?dry=0", "body": b"", "at_s": NOW_S + 1, "nonce": "n-2"}
    signature = REQUEST.signed_by(CLERK)
    assert answer(replace(REQUEST, **{part: other[part]}), signature=signature) is RequestRefusal.SIGNATURE_IS_WRONG


@pytest.mark.parametrize("part", ["method", "path", "nonce"])
def test_a_part_of_two_lines_could_be_two_parts(part: str) -> None:
    with pytest.raises(ValueError, match="a part of a request that is signed is one line"):
        replace(REQUEST, **{part: "a\nb"}).canonical()


def test_a_window_serves_a_request_once_and_forgets_it_when_it_is_too_old() -> None:
    window, ring = Window(NOW_S - 100), keyring()
    signature = REQUEST.signed_by(CLERK)

    def handed_in(now_s: int) -> RequestRefusal | None:
        return window.admit(REQUEST, CLERK.key.value, signature, ring, now_s)

    assert window.admit(REQUEST, CLERK.key.value, bytes(64), ring, NOW_S) is RequestRefusal.SIGNATURE_IS_WRONG
    assert handed_in(NOW_S) is None, "what was refused has not used the nonce up"
    assert [handed_in(NOW_S + later_s) for later_s in (0, 1, WINDOW_S)] == [RequestRefusal.NONCE_IS_USED] * 3
    assert handed_in(NOW_S + WINDOW_S + 1) is RequestRefusal.TOO_OLD
    assert len(window) == 0
    fresh = Window(NOW_S)
    assert fresh.admit(REQUEST, CLERK.key.value, signature, ring, NOW_S + 1) is RequestRefusal.TOO_OLD, "a restart"


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-40, 40), st.integers(0, 20)), max_size=40))
def test_no_request_is_ever_served_twice(script: list[tuple[int, int, int]]) -> None:
    """Clocks of callers up to forty seconds off, nonces used again, time going on."""
    window, ring, now_s = Window(0), keyring(), NOW_S
    served: set[tuple[str, int]] = set()
    for nonce, off_s, later_s in script:
        now_s += later_s
        request = replace(REQUEST, nonce=f"n-{nonce}", at_s=now_s + off_s)
        if window.admit(request, CLERK.key.value, request.signed_by(CLERK), ring, now_s) is None:
            assert (request.nonce, request.at_s) not in served
            served.add((request.nonce, request.at_s))
            again = window.admit(request, CLERK.key.value, request.signed_by(CLERK), ring, now_s)
            assert again is RequestRefusal.NONCE_IS_USED
        assert len(window) <= len(script)
