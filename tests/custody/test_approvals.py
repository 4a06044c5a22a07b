"""Every kind of bad instruction is declined with its reason, and of two reasons with the first; good ones pass."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.amounts import Amount
from custody.approvals import Approval, Seen, decide
from custody.declined import Declined, Refusal
from custody.governance import Accepted, apply
from custody.instructions import (
    AddKey,
    Admit,
    AllowDestination,
    ChangePolicy,
    Delegate,
    Move,
    RemoveDestination,
    RevokeKey,
    RotateKey,
)
from custody.keyring import Holding, Key, KeyKind
from custody.policies import Group, Operation, Policy, Quorum, Rule
from custody.shapes import FieldError
from custody.signatories import questions
from custody.signed import Bytes, Signature, SignedInstruction
from custody.signers import LocalSigner
from tests.custody.approving import (
    BTC,
    CUSTODIAN,
    CUSTODY,
    DAY_S,
    FOR_REQUESTS,
    FUND,
    GOOD_PLACE,
    HARBOUR,
    HEDGER,
    LOCKED_PLACE,
    MILLION,
    NEW_PLACE,
    NOW_S,
    TREASURY,
    WALLET,
    Case,
    admission,
    fund_policy,
    governing,
    high_s,
    holding,
    key_of,
    last_replaced,
    opened,
    simple_policy,
    withdrawal,
)

# -- what is wrong with a withdrawal: each fault alone, and every two of them ------------------------------------------


def another_domain(case: Case) -> None:
    case.domain = replace(case.domain, name="Bulkhead Vault")


def another_chain(case: Case) -> None:
    case.domain = replace(case.domain, chain_id=1)


def another_contract(case: Case) -> None:
    case.domain = replace(case.domain, contract=GOOD_PLACE)


def accepted_before(case: Case) -> None:
    case.seen = Seen(case.signed().digest(), nonce_is_used=True)


def id_with_other_content(case: Case) -> None:
    case.seen = Seen(b"another digest".ljust(32), case.seen.nonce_is_used)


def nonce_used(case: Case) -> None:
    case.seen = Seen(case.seen.digest_of_id, nonce_is_used=True)


def expired(case: Case) -> None:
    case.content["expires_at_s"] = NOW_S


def not_yet_valid(case: Case) -> None:
    case.content["valid_from_s"] = NOW_S + 1


def expiry_too_far(case: Case) -> None:
    case.content["expires_at_s"] = NOW_S + 7 * DAY_S + 1


def unknown_party(case: Case) -> None:
    case.content["party"] = "client/stranger"


def unknown_asset(case: Case) -> None:
    case.content["amount"] = Amount(MILLION, "USDT", 6)


def wrong_scale(case: Case) -> None:
    case.content["amount"] = Amount(MILLION, "USDC", 5)


def not_signed(case: Case) -> None:
    case.signers.clear()


def with_signature(signature: bytes, key: str = "") -> Callable[[Case], None]:
    def fault(case: Case) -> None:
        named = key or key_of(CUSTODIAN, "operations").address
        case.spoils.append(lambda signed: last_replaced(signed, Signature(named, Bytes(signature))))

    return fault


def twin_of_a_signature(case: Case) -> None:
    def spoil_last(signed: SignedInstruction) -> SignedInstruction:
        last = signed.signatures[-1]
        return last_replaced(signed, Signature(last.key, high_s(last.signature)))

    case.spoils.append(spoil_last)


def also_signed_by(signer: LocalSigner) -> Callable[[Case], None]:
    return lambda case: case.signers.insert(0, signer)


def key_for_requests(case: Case) -> None:
    good = key_of(FUND, "treasurer").sign_digest(bytes(32))
    more = Signature(FOR_REQUESTS, Bytes(good))
    case.spoils.append(lambda signed: replace(signed, signatures=(more, *signed.signatures)))


def revoked_key(case: Case) -> None:
    keyring = case.state.keyring.revoke(key_of(FUND, "deputy").address, NOW_S)
    case.state = replace(case.state, keyring=keyring)


def retired_key(case: Case) -> None:
    keyring = case.state.keyring.rotate(
        key_of(FUND, "treasurer").address, holding(FUND, "treasurer", NEW_PLACE).key, NOW_S - 9, NOW_S
    )
    case.state = replace(case.state, keyring=keyring)


def signed_for_something_else(case: Case) -> None:
    other = withdrawal(MILLION + 1).signed()
    case.spoils.append(lambda signed: last_replaced(signed, other.signatures[-1]))


def contract_not_asked(case: Case) -> None:
    case.spoils.append(
        lambda signed: replace(signed, signatures=(Signature(WALLET, Bytes(b"\x01")), *signed.signatures))
    )


def contract_that_denies(case: Case) -> None:
    def asked(signed: SignedInstruction) -> SignedInstruction:
        more = replace(signed, signatures=(Signature(WALLET, Bytes(b"\x02")), *signed.signatures))
        case.answers.update({question: question.signature != b"\x02" for question in questions(case.state, more)})
        return more

    case.spoils.append(asked)


def no_rule(case: Case) -> None:
    rules = tuple(rule for rule in fund_policy().rules if Operation.WITHDRAW not in rule.operations)
    policy = replace(fund_policy(), rules=rules)
    dated = replace(case.state.policies[FUND][0], policy=policy)
    case.state = replace(case.state, policies={**case.state.policies, FUND: (dated,)})


def unlisted_destination(case: Case) -> None:
    case.content["destination"] = NEW_PLACE


def locked_destination(case: Case) -> None:
    case.content["destination"] = LOCKED_PLACE


def too_much(case: Case) -> None:
    case.content["amount"] = Amount(5 * MILLION + 1, "USDC", 6)


def one_too_few(case: Case) -> None:
    case.signers[:] = [signer for signer in case.signers if signer.address != key_of(FUND, "deputy").address]


FAULTS: list[tuple[Refusal, Callable[[Case], None]]] = [
    (Refusal.DOMAIN_IS_WRONG, another_domain),
    (Refusal.CHAIN_IS_WRONG, another_chain),
    (Refusal.CONTRACT_IS_WRONG, another_contract),
    (Refusal.ALREADY_ACCEPTED, accepted_before),
    (Refusal.ID_HAS_OTHER_CONTENT, id_with_other_content),
    (Refusal.NONCE_IS_USED, nonce_used),
    (Refusal.EXPIRED, expired),
    (Refusal.NOT_YET_VALID, not_yet_valid),
    (Refusal.EXPIRES_TOO_LATE, expiry_too_far),
    (Refusal.PARTY_IS_UNKNOWN, unknown_party),
    (Refusal.ASSET_IS_UNKNOWN, unknown_asset),
    (Refusal.SCALE_IS_WRONG, wrong_scale),
    (Refusal.NOT_SIGNED, not_signed),
    (Refusal.SIGNATURE_IS_MALFORMED, with_signature(bytes(65))),
    (Refusal.SIGNATURE_HAS_HIGH_S, twin_of_a_signature),
    (Refusal.SIGNER_IS_UNKNOWN, also_signed_by(LocalSigner.for_demonstration("a stranger"))),
    (Refusal.KEY_CANNOT_APPROVE, key_for_requests),
    (Refusal.KEY_IS_REVOKED, revoked_key),
    (Refusal.KEY_IS_RETIRED, retired_key),
    (Refusal.SIGNER_IS_OF_ANOTHER_PARTY, also_signed_by(key_of(HEDGER, "dealer"))),
    (Refusal.SIGNER_HAS_NO_SAY, also_signed_by(key_of(FUND, "trainee"))),
    (Refusal.SIGNED_TWICE_BY_ONE_SIGNER, also_signed_by(key_of(CUSTODIAN, "operations"))),
    (Refusal.SIGNATURE_IS_NOT_THE_KEYS, signed_for_something_else),
    (Refusal.CONTRACT_CANNOT_BE_ASKED, contract_not_asked),
    (Refusal.CONTRACT_DENIES_SIGNATURE, contract_that_denies),
    (Refusal.NO_RULE_FITS, no_rule),
    (Refusal.DESTINATION_IS_NOT_ALLOWED, unlisted_destination),
    (Refusal.DESTINATION_IS_TIME_LOCKED, locked_destination),
    (Refusal.AMOUNT_IS_OUTSIDE_THE_RULES, too_much),
    (Refusal.QUORUM_IS_NOT_REACHED, one_too_few),
]  # fmt: skip

CANNOT_MEET = {
    # The later fault takes away what makes the earlier one, or both change the same thing.
    (Refusal.ALREADY_ACCEPTED, Refusal.ID_HAS_OTHER_CONTENT),
    (Refusal.EXPIRED, Refusal.EXPIRES_TOO_LATE),
    (Refusal.ASSET_IS_UNKNOWN, Refusal.SCALE_IS_WRONG),
    (Refusal.ASSET_IS_UNKNOWN, Refusal.AMOUNT_IS_OUTSIDE_THE_RULES),
    (Refusal.SCALE_IS_WRONG, Refusal.AMOUNT_IS_OUTSIDE_THE_RULES),
    (Refusal.DESTINATION_IS_NOT_ALLOWED, Refusal.DESTINATION_IS_TIME_LOCKED),
    (Refusal.SIGNATURE_IS_MALFORMED, Refusal.SIGNATURE_HAS_HIGH_S),
    (Refusal.SIGNATURE_IS_MALFORMED, Refusal.SIGNATURE_IS_NOT_THE_KEYS),
    (Refusal.SIGNATURE_HAS_HIGH_S, Refusal.SIGNATURE_IS_NOT_THE_KEYS),
    (Refusal.KEY_IS_REVOKED, Refusal.QUORUM_IS_NOT_REACHED),
    (Refusal.CONTRACT_CANNOT_BE_ASKED, Refusal.CONTRACT_DENIES_SIGNATURE),
}


def refused(case: Case) -> Refusal:
    answer = case.decided()
    assert isinstance(answer, Declined)
    return answer.refusal


def test_the_withdrawal_that_all_faults_are_done_to_is_accepted() -> None:
    answer = withdrawal().decided()
    assert isinstance(answer, Approval)
    assert (answer.rule, answer.accepted_at_s, answer.effective_at_s) == (2, NOW_S, NOW_S)
    assert [(one.party, one.signer) for one in answer.approvers] == [
        (FUND, "treasurer"), (FUND, "deputy"), (CUSTODIAN, "operations"),
    ]  # fmt: skip


@pytest.mark.parametrize(("refusal", "fault"), FAULTS, ids=[refusal for refusal, _ in FAULTS])
def test_a_fault_has_its_name(refusal: Refusal, fault: Callable[[Case], None]) -> None:
    case = withdrawal()
    fault(case)
    assert refused(case) is refusal


def test_of_two_faults_the_first_in_order_is_told() -> None:
    """All pairs that can meet, done in the order in which they can."""
    met = 0
    for (first, one), (second, other) in combinations(FAULTS, 2):
        if (first, second) in CANNOT_MEET or Refusal.NOT_SIGNED in {first, second}:
            continue
        case = withdrawal()
        # What has been seen is of the whole instruction, so it is looked up last.
        for fault in (other, one) if first is Refusal.ALREADY_ACCEPTED else (one, other):
            fault(case)
        assert refused(case) is first, (first, second)
        met += 1
    assert met > 350


def test_unsigned_comes_before_rules_and_after_what_it_says() -> None:
    before = [fault for refusal, fault in FAULTS if refusal.rank < Refusal.NOT_SIGNED.rank]
    after = [no_rule, unlisted_destination, too_much]
    for fault in (*before, *after):
        case = withdrawal()
        not_signed(case)
        fault(case)
        assert (refused(case) is Refusal.NOT_SIGNED) == (fault in after), fault


@pytest.mark.parametrize(
    "signature",
    [
        b"\x01",
        bytes(64),
        bytes(66),
        b"\x01" * 64 + b"\x00",
        b"\x01" * 64 + b"\x1d",
        bytes(32) + b"\x01" * 32 + b"\x1b",
        b"\x01" * 32 + bytes(32) + b"\x1b",
        b"\xff" * 32 + b"\x01" * 32 + b"\x1b",
    ],
)
def test_bytes_that_are_no_signature(signature: bytes) -> None:
    case = withdrawal()
    with_signature(signature)(case)
    assert refused(case) is Refusal.SIGNATURE_IS_MALFORMED


def test_a_signature_that_no_key_could_have_made_is_nobodys() -> None:
    case = withdrawal()
    with_signature((5).to_bytes(32, "big") + (7).to_bytes(32, "big") + b"\x1b")(case)
    assert refused(case) is Refusal.SIGNATURE_IS_NOT_THE_KEYS


def test_a_lie_about_the_domain_makes_signatures_nobodys() -> None:
    """Signed for another chain, handed in as if for this one: the reason is another, the answer the same."""
    case = withdrawal()
    another_chain(case)
    elsewhere = case.signed().signatures
    told = withdrawal()
    told.spoils.append(lambda signed: replace(signed, signatures=elsewhere))
    assert refused(told) is Refusal.SIGNATURE_IS_NOT_THE_KEYS


@settings(max_examples=60, deadline=None)
@given(field=st.sampled_from(["amount", "destination", "id", "nonce", "expires_at_s", "valid_from_s"]), by=st.data())
def test_signatures_count_for_what_was_signed_and_for_nothing_else(field: str, by: st.DataObject) -> None:
    changed: dict[str, object] = {
        "amount": Amount(by.draw(st.integers(1, MILLION - 1)), "USDC", 6),
        "destination": NEW_PLACE,
        "id": "order/2",
        "nonce": by.draw(st.integers(8, 2**63 - 1)),
        "expires_at_s": NOW_S + by.draw(st.integers(3601, 9999)),
        "valid_from_s": by.draw(st.integers(1, NOW_S)),
    }
    signed = withdrawal().signed()
    case = withdrawal()
    case.content[field] = changed[field]
    case.spoils.append(lambda forged: replace(forged, signatures=signed.signatures))
    assert refused(case) is Refusal.SIGNATURE_IS_NOT_THE_KEYS


@pytest.mark.parametrize("fault", [not_yet_valid, expiry_too_far, locked_destination])
def test_what_may_succeed_later_does(fault: Callable[[Case], None]) -> None:
    case = withdrawal()
    fault(case)
    assert refused(case).retry_may_succeed
    case.now_s += 1
    assert isinstance(case.decided(), Approval)


@pytest.mark.parametrize("fault", [another_chain, nonce_used, expired, revoked_key, retired_key])
def test_what_may_not_never_does(fault: Callable[[Case], None]) -> None:
    case = withdrawal()
    fault(case)
    for later_s in (0, 1, 60, DAY_S, 400 * DAY_S):
        case.now_s = NOW_S + later_s
        answer = case.decided()
        assert isinstance(answer, Declined)
        assert not answer.refusal.retry_may_succeed


def test_without_a_custodian_nobody_is_admitted() -> None:
    case = admitting("client/maker")
    case.state = replace(case.state, policies={})
    assert refused(case) is Refusal.PARTY_IS_UNKNOWN


ACCEPTABLE = withdrawal().signed()
"""Read for every change below, and never accepted as anything else."""


def judged(text: str) -> Approval | Declined | FieldError:
    try:
        return decide(opened(), SignedInstruction.from_json(text), NOW_S)
    except FieldError as why:
        return why


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_change_of_a_single_character_is_accepted_as_another_instruction(by: st.DataObject) -> None:
    """Wherever in the text: it is refused, or it is the same instruction with the same signatures."""
    text = ACCEPTABLE.to_json()
    place = by.draw(st.integers(0, len(text) - 1))
    put = by.draw(st.sampled_from(["", " ", "0", "1", "9", "a", "F", '"', ",", "}", "é", text[place] * 2]))
    answer = judged(text[:place] + put + text[place + 1 :])
    if isinstance(answer, Approval):
        assert answer.signed == ACCEPTABLE


def test_the_changes_above_are_refused_for_many_reasons() -> None:
    """Their control: a few of them, and that the text itself is accepted."""
    text = ACCEPTABLE.to_json()
    assert isinstance(judged(text), Approval)
    changed = [judged(text[:place] + "1" + text[place + 1 :]) for place in range(0, len(text), 7)]
    reasons = {answer.refusal for answer in changed if isinstance(answer, Declined)}
    assert {Refusal.DOMAIN_IS_WRONG, Refusal.SIGNATURE_IS_NOT_THE_KEYS, Refusal.SIGNER_IS_UNKNOWN} <= reasons
    assert sum(isinstance(answer, FieldError) for answer in changed) > 20


# -- quorums -----------------------------------------------------------------------------------------------------------


def test_any_two_of_three_and_one_of_two_will_do_and_nothing_less() -> None:
    people = [(FUND, signer) for signer in TREASURY.signers] + [(CUSTODIAN, signer) for signer in CUSTODY.signers]
    accepted = 0
    for size in range(1, 6):
        for chosen in combinations(people, size):
            case = withdrawal()
            case.signers = [key_of(*person) for person in chosen]
            own = sum(party == FUND for party, _ in chosen)
            enough = own >= 2 and size - own >= 1
            answer = case.decided()
            assert isinstance(answer, Approval) == enough, chosen
            if isinstance(answer, Declined):
                assert answer.refusal is Refusal.QUORUM_IS_NOT_REACHED
            accepted += enough
    assert accepted == 4 * 3, "four ways to have two or three of three, three to have one or two of two"


def test_what_a_quorum_lacks_is_told() -> None:
    case = withdrawal()
    case.signers = [key_of(FUND, "deputy")]
    answer = case.decided()
    assert isinstance(answer, Declined)
    assert answer.detail == (
        "treasury of client/fund: 1 of 2 (treasurer or controller); custody of custodian: 0 of 1 (operations or risk)"
    )


def test_a_signer_with_two_good_keys_is_one_signer() -> None:
    """In the overlap of a rotation both keys speak: either counts, both together are declined."""
    new = LocalSigner.for_demonstration("the treasurer's next key")
    state = opened()
    old = key_of(FUND, "treasurer")
    keyring = state.keyring.rotate(old.address, Key(KeyKind.ACCOUNT, new.address), NOW_S - 5, NOW_S + 5)
    for signers, verdict in (([old], None), ([new], None), ([old, new], Refusal.SIGNED_TWICE_BY_ONE_SIGNER)):
        case = withdrawal()
        case.state = replace(state, keyring=keyring)
        case.signers = [*signers, key_of(FUND, "deputy"), key_of(CUSTODIAN, "risk")]
        answer = case.decided()
        assert (answer.refusal if isinstance(answer, Declined) else None) is verdict


def test_the_first_rule_that_fits_decides() -> None:
    two = [key_of(FUND, "deputy"), key_of(FUND, "controller")]
    content: dict[str, object] = {"venue": "harbour", "amount": Amount(MILLION, "USDC", 6)}
    small = Case(kind=Delegate, content=content, signers=two).decided()
    assert isinstance(small, Approval)
    assert small.rule == 0
    large = Case(kind=Delegate, content={**content, "amount": Amount(MILLION + 1, "USDC", 6)}, signers=two)
    assert refused(large) is Refusal.QUORUM_IS_NOT_REACHED
    quay = {"from_venue": "harbour", "to_venue": "quay", "amount": Amount(MILLION + 1, "USDC", 6)}
    elsewhere = Case(kind=Move, content=dict(quay), signers=two)
    assert refused(elsewhere) is Refusal.AMOUNT_IS_OUTSIDE_THE_RULES, "the rule for large sums is for one venue"


def test_three_parties_sign_one_of_them_by_a_contract() -> None:
    case = Case(
        kind=Delegate,
        content={"venue": "harbour", "amount": Amount(5 * 10**8, "BTC", 8)},
        signers=[key_of(FUND, "deputy"), key_of(FUND, "treasurer"), key_of(CUSTODIAN, "risk")],
    )
    assert refused(case) is Refusal.QUORUM_IS_NOT_REACHED
    contract_not_asked(case)
    assert refused(case) is Refusal.CONTRACT_CANNOT_BE_ASKED
    (question,) = questions(case.state, case.signed())
    assert (question.contract, question.digest) == (WALLET, case.signed().digest())
    case.answers[question] = True
    answer = case.decided()
    assert isinstance(answer, Approval)
    assert (HARBOUR, "desk") in {(one.party, one.signer) for one in answer.approvers}
    case.answers[question] = False
    assert refused(case) is Refusal.CONTRACT_DENIES_SIGNATURE


def test_a_rule_for_any_destination_needs_no_list() -> None:
    case = withdrawal(destination=NEW_PLACE)
    case.content["amount"] = Amount(1, "BTC", BTC.scale)
    case.signers = [key_of(FUND, signer) for signer in TREASURY.signers]
    assert isinstance(case.decided(), Approval)


# -- what governs ------------------------------------------------------------------------------------------------------

FRESH = LocalSigner.for_demonstration("a new key")
FRESH_KEY = Key(KeyKind.ACCOUNT, FRESH.address)


def silenced(case: Case, key: str) -> Case:
    case.state = replace(case.state, keyring=case.state.keyring.revoke(key, NOW_S))
    return case


def rotated(case: Case, key: str) -> Case:
    other = Key(KeyKind.ACCOUNT, NEW_PLACE)
    case.state = replace(case.state, keyring=case.state.keyring.rotate(key, other, NOW_S, NOW_S + DAY_S))
    return case


def rotation(old: str, new: Key = FRESH_KEY, overlap_s: int = DAY_S) -> Case:
    return governing(RotateKey, old_key=old, new_key=new, overlap_ends_at_s=NOW_S + overlap_s)


def admitting(party: str, *keys: Holding, policy: Policy | None = None) -> Case:
    crew = Group("crew", party, ("captain",))
    content: dict[str, object] = {"party": party, "keys": keys, "policy": policy or simple_policy(crew, 1)}
    return Case(kind=Admit, content=content, signers=[key_of(CUSTODIAN, "risk"), key_of(CUSTODIAN, "operations")])


CONTROLLER = key_of(FUND, "controller").address
NOBODYS = replace(
    fund_policy(), groups=(replace(TREASURY, signers=("ghost", "phantom", "treasurer")), *fund_policy().groups[1:])
)
FROZEN = replace(fund_policy(), rules=fund_policy().rules[:-1])

GOVERNING_FAULTS: list[tuple[Refusal, Case]] = [
    (Refusal.DESTINATION_IS_ALREADY_ALLOWED, governing(AllowDestination, asset="USDC", destination=GOOD_PLACE)),
    (Refusal.DESTINATION_IS_ALREADY_ALLOWED, governing(AllowDestination, asset="USDC", destination=LOCKED_PLACE)),
    (Refusal.DESTINATION_IS_NOT_LISTED, governing(RemoveDestination, asset="USDC", destination=NEW_PLACE)),
    (Refusal.DESTINATION_IS_NOT_LISTED, governing(RemoveDestination, asset="BTC", destination=GOOD_PLACE)),
    (Refusal.KEY_IS_NOT_THE_PARTYS, rotation(FRESH.address)),
    (Refusal.KEY_IS_NOT_THE_PARTYS, governing(RevokeKey, old_key=key_of(HEDGER, "dealer").address)),
    (Refusal.KEY_DOES_NOT_SPEAK, silenced(governing(RevokeKey, old_key=CONTROLLER), CONTROLLER)),
    (Refusal.KEY_DOES_NOT_SPEAK, silenced(rotation(CONTROLLER), CONTROLLER)),
    (Refusal.KEY_IS_BEING_REPLACED, rotated(rotation(CONTROLLER), CONTROLLER)),
    (Refusal.KEY_IS_ALREADY_KNOWN, rotation(CONTROLLER, holding(HEDGER, "dealer").key)),
    (Refusal.KEY_IS_ALREADY_KNOWN, governing(AddKey, signer="controller", new_key=holding(FUND, "deputy").key)),
    (Refusal.KEY_IS_OF_ANOTHER_KIND, rotation(CONTROLLER, Key(KeyKind.ED25519, "0x" + "cd" * 32))),
    (Refusal.OVERLAP_IS_OUTSIDE_BOUNDS, rotation(CONTROLLER, overlap_s=-1)),
    (Refusal.OVERLAP_IS_OUTSIDE_BOUNDS, rotation(CONTROLLER, overlap_s=30 * DAY_S + 1)),
    (Refusal.NOTICE_IS_TOO_SHORT, governing(ChangePolicy, policy=fund_policy(DAY_S - 1))),
    (Refusal.POLICY_CANNOT_BE_SATISFIED, governing(ChangePolicy, policy=NOBODYS)),
    (Refusal.POLICY_CANNOT_BE_SATISFIED, governing(ChangePolicy, policy=FROZEN)),
    (Refusal.PARTY_IS_ALREADY_ADMITTED, admitting(FUND)),
    (Refusal.POLICY_CANNOT_BE_SATISFIED, admitting("client/maker")),
    (Refusal.KEY_IS_ALREADY_KNOWN, admitting("client/maker", holding("client/maker", "captain", CONTROLLER))),
]  # fmt: skip


@pytest.mark.parametrize(("refusal", "case"), GOVERNING_FAULTS)
def test_a_change_that_cannot_be(refusal: Refusal, case: Case) -> None:
    assert refused(case) is refusal


def test_a_quorum_is_asked_for_before_a_change_is_looked_at() -> None:
    for _, case in GOVERNING_FAULTS:
        one = Case(case.state, case.kind, case.content, case.signers[:1])
        assert refused(one) in {Refusal.QUORUM_IS_NOT_REACHED, Refusal.PARTY_IS_ALREADY_ADMITTED}


def test_two_objections_to_one_change() -> None:
    wrong = rotation(CONTROLLER, Key(KeyKind.ED25519, "0x" + "ab" * 32), overlap_s=-1)
    assert refused(wrong) is Refusal.KEY_IS_ALREADY_KNOWN
    assert refused(rotated(wrong, CONTROLLER)) is Refusal.KEY_IS_BEING_REPLACED
    other_kind = rotation(CONTROLLER, Key(KeyKind.ED25519, "0x" + "cd" * 32), overlap_s=-1)
    assert refused(other_kind) is Refusal.KEY_IS_OF_ANOTHER_KIND
    assert refused(governing(ChangePolicy, policy=replace(NOBODYS, notice_s=1))) is Refusal.NOTICE_IS_TOO_SHORT


def test_every_refusal_is_reached() -> None:
    reached = [refusal for refusal, _ in FAULTS] + [refusal for refusal, _ in GOVERNING_FAULTS]
    assert set(reached) == set(Refusal)
    assert len(Refusal) == 41
    assert [refusal.rank for refusal, _ in FAULTS] == sorted({refusal.rank for refusal, _ in FAULTS})


def test_a_change_that_can_be_is_accepted_and_waits_for_notice_only_where_it_lets_more_happen() -> None:
    notice_s = fund_policy().notice_s
    for case, waits_s in (
        (governing(AllowDestination, asset="BTC", destination=GOOD_PLACE), notice_s),
        (governing(RemoveDestination, asset="USDC", destination=LOCKED_PLACE), 0),
        (governing(ChangePolicy, policy=fund_policy(5 * DAY_S)), notice_s),
        (governing(AddKey, signer="controller", new_key=FRESH_KEY), 0),
        (rotation(CONTROLLER), 0),
        (governing(RevokeKey, old_key=CONTROLLER), 0),
        (admitting("client/maker", holding("client/maker", "captain")), 0),
    ):
        answer = case.decided()
        assert isinstance(answer, Approval), answer
        assert answer.effective_at_s == NOW_S + waits_s
        assert apply(case.state, answer.accepted) != case.state


def test_a_policy_is_measured_by_the_keys_that_will_speak_when_it_begins() -> None:
    """A key that retires before the notice is over cannot carry the new policy; one that retires later can."""
    one = replace(
        fund_policy(), groups=(Group("treasury", FUND, ("trainee", "deputy", "controller")), *fund_policy().groups[1:])
    )
    three = Rule((Operation.WITHDRAW,), (Quorum(3, "treasury"),))
    policy = replace(one, rules=(*one.rules[:-1], three, one.rules[-1]))
    for retires_s, verdict in ((2 * DAY_S, False), (2 * DAY_S + 1, True)):
        state = opened()
        keyring = state.keyring.rotate(
            key_of(FUND, "trainee").address, Key(KeyKind.ED25519, "0x" + "cd" * 32), NOW_S, NOW_S + retires_s
        )
        case = governing(ChangePolicy, policy=policy)
        case.state = replace(state, keyring=keyring)
        assert isinstance(case.decided(), Approval) == verdict


def test_a_revocation_takes_back_what_was_signed_and_not_accepted_yet() -> None:
    case = withdrawal()
    waiting = case.signed()
    assert isinstance(case.decided(), Approval)
    revocation = governing(RevokeKey, old_key=key_of(FUND, "deputy").address)
    revocation.signers[1] = key_of(FUND, "controller")
    approved = revocation.decided()
    assert isinstance(approved, Approval)
    case.state = apply(case.state, approved.accepted)
    case.spoils.append(lambda _: waiting)
    assert refused(case) is Refusal.KEY_IS_REVOKED
    assert apply(opened(), Accepted(revocation.signed().instruction, NOW_S)) == case.state


def test_an_admission_is_the_custodians_and_uses_its_nonce() -> None:
    case = admitting("client/maker", holding("client/maker", "captain"))
    assert case.signed().instruction.authority == CUSTODIAN
    case.signers = [key_of("client/maker", "captain")]
    assert refused(case) is Refusal.SIGNER_IS_UNKNOWN
    assert admission(FUND, fund_policy()).authority == CUSTODIAN
