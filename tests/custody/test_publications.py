"""Publications come in order, signed and fresh: every way in which one does not follow is named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.curve import ORDER
from custody.publications import GENESIS, OrderRefusal, Where, admit, digest_of
from custody.reserves import Attestation, SignedAttestation, admit_attestation
from custody.signatures import Address, Hash, Signed
from tests.custody.publishing import CUSTODIAN, IMPOSTOR, WHERE

HEAD = Hash(bytes([7]) * 32)
NOW_S, LONGEST_S = 1_000_000, 600
FIRST = Attestation("USDC", 6, 5_000, 10, HEAD, NOW_S - 500, 1, GENESIS)
SECOND = Attestation("USDC", 6, 6_000, 12, HEAD, NOW_S - 100, 2, digest_of(FIRST, WHERE))
NAMED = Address(CUSTODIAN.address)


def test_a_chain_is_admitted_from_its_first_publication_on() -> None:
    assert admit(None, FIRST, WHERE, NOW_S, LONGEST_S) is None
    assert admit(FIRST, SECOND, WHERE, NOW_S, LONGEST_S) is None
    assert admit(FIRST, replace(SECOND, journal_position=10), WHERE, SECOND.as_of_s, 0) is None


# Every row also breaks the rules of the rows below its own, as far as one publication can.
LATE = {"journal_position": 9, "as_of_s": FIRST.as_of_s, "previous_digest": GENESIS}
OUT_OF_ORDER: list[tuple[str, dict[str, object], int]] = [
    ("asset_is_another", {"asset": "BTC", "scale": 8, "sequence": 1, **LATE}, NOW_S + 10_000),
    ("scale_has_changed", {"scale": 8, "sequence": 4, **LATE}, NOW_S + 10_000),
    ("sequence_is_known_already", {"sequence": 1, **LATE}, NOW_S + 10_000),
    ("sequence_leaves_a_gap", {"sequence": 3, **LATE}, NOW_S + 10_000),
    ("previous_is_another", LATE, NOW_S + 10_000),
    ("journal_went_back", {"journal_position": 9, "as_of_s": FIRST.as_of_s}, NOW_S + 10_000),
    ("time_went_back", {"as_of_s": FIRST.as_of_s}, FIRST.as_of_s - 1),
    ("time_is_in_the_future", {}, SECOND.as_of_s - 1),
    ("time_is_too_long_ago", {}, SECOND.as_of_s + LONGEST_S + 1),
]


@pytest.mark.parametrize(("refusal", "changes", "now_s"), OUT_OF_ORDER, ids=[row[0] for row in OUT_OF_ORDER])
def test_the_first_rule_broken_is_the_refusal(refusal: str, changes: dict[str, object], now_s: int) -> None:
    assert admit(FIRST, replace(SECOND, **changes), WHERE, now_s, LONGEST_S) == refusal


def test_every_refusal_is_reached_and_says_whether_waiting_helps() -> None:
    assert {row[0] for row in OUT_OF_ORDER} == set(OrderRefusal)
    waiting = {refusal for refusal in OrderRefusal if refusal.retry_may_succeed}
    assert waiting == {OrderRefusal.SEQUENCE_LEAVES_A_GAP, OrderRefusal.TIME_IS_IN_THE_FUTURE}


def test_the_first_publication_follows_nothing() -> None:
    assert admit(None, SECOND, WHERE, NOW_S, LONGEST_S) == "sequence_leaves_a_gap"
    assert admit(None, replace(FIRST, sequence=0), WHERE, NOW_S, LONGEST_S) == "sequence_is_known_already"
    assert admit(None, replace(FIRST, previous_digest=HEAD), WHERE, NOW_S, LONGEST_S) == "previous_is_another"


def test_a_chain_for_another_contract_is_another_chain() -> None:
    elsewhere = Where(WHERE.chain_id + 1, WHERE.contract)
    assert admit(FIRST, SECOND, elsewhere, NOW_S, LONGEST_S) == "previous_is_another"


@given(st.sampled_from(["units", "journal_position", "as_of_s", "sequence", "scale"]), st.integers(1, 2**40))
def test_any_change_in_what_was_published_breaks_what_follows(field: str, more: int) -> None:
    changed = replace(FIRST, **{field: getattr(FIRST, field) + more})
    assert SECOND.previous_digest != digest_of(changed, WHERE)


def test_an_attestation_counts_when_the_custodian_signed_the_next_one() -> None:
    signed = SignedAttestation.by(CUSTODIAN, SECOND, WHERE)
    assert admit_attestation(FIRST, signed, NAMED, NOW_S, LONGEST_S) is None
    assert admit_attestation(FIRST, signed, NAMED, NOW_S + LONGEST_S, LONGEST_S) == "time_is_too_long_ago"


def test_an_attestation_that_the_custodian_did_not_sign_does_not_count_whatever_it_says() -> None:
    signed = SignedAttestation.by(CUSTODIAN, SECOND, WHERE)
    raw = signed.signature.value
    high_s = raw[:32] + (ORDER - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big") + bytes([55 - raw[64]])
    by_impostor = SignedAttestation.by(IMPOSTOR, SECOND, WHERE)
    bad = {
        "custodian_is_another": by_impostor,
        "signature_is_malformed": replace(signed, signature=Signed(raw[:64] + b"\x1d")),
        "signature_is_malleable": replace(signed, signature=Signed(high_s)),
        "signature_is_anothers": replace(by_impostor, custodian=NAMED),
    }
    for refusal, one in bad.items():
        # Nothing else is right about them either: stale, and following nothing.
        assert admit_attestation(None, one, NAMED, NOW_S * 2, LONGEST_S) == refusal
    richer = replace(signed, statement=replace(SECOND, units=SECOND.units + 1))
    assert admit_attestation(FIRST, richer, NAMED, NOW_S, LONGEST_S) == "signature_is_anothers"
