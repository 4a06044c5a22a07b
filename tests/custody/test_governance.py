"""The state is the log, folded; notices end by themselves; and no run of instructions leaves it without a way on."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.approvals import Approval
from custody.declined import Declined, Refusal
from custody.governance import Accepted, ApprovalState, GovernanceError, apply, fold
from custody.instructions import (
    AddKey,
    AllowDestination,
    ChangePolicy,
    Instruction,
    RemoveDestination,
    RevokeKey,
    RotateKey,
)
from custody.keyring import Key, KeyKind, KeyringError
from custody.objections import unsatisfied
from custody.signed import SignedInstruction
from custody.signers import LocalSigner
from tests.custody.approving import (
    CUSTODIAN,
    DAY_S,
    FUND,
    NEW_PLACE,
    NOW_S,
    TREASURY,
    Case,
    admission,
    fund_policy,
    governing,
    holding,
    key_of,
    opened,
    withdrawal,
)

NOTICE_S = fund_policy().notice_s


def accepted(case: Case) -> Accepted:
    answer = case.decided()
    assert isinstance(answer, Approval), answer
    return answer.accepted


def test_a_destination_is_good_when_its_notice_ends_and_gone_when_removed() -> None:
    state = apply(opened(), accepted(governing(AllowDestination, asset="USDC", destination=NEW_PLACE)))
    for at_s, good in ((NOW_S + NOTICE_S - 1, False), (NOW_S + NOTICE_S, True)):
        case = withdrawal(destination=NEW_PLACE)
        case.state, case.now_s, case.content["expires_at_s"] = state, at_s, at_s + 1
        assert isinstance(case.decided(), Approval) == good
    removal = governing(RemoveDestination, asset="USDC", destination=NEW_PLACE)
    removal.state = state
    assert apply(state, accepted(removal)) == replace(opened(), as_of_s=NOW_S)


def test_a_policy_begins_when_the_notice_of_the_old_one_ends() -> None:
    longer = fund_policy(9 * DAY_S)
    state = apply(opened(), accepted(governing(ChangePolicy, policy=longer)))
    assert state.policy(FUND, NOW_S + NOTICE_S - 1) == fund_policy()
    assert state.policy(FUND, NOW_S + NOTICE_S) == longer
    assert state.policy(FUND, NOW_S - 11 * DAY_S) is None, "before it was admitted"


def test_a_change_that_waits_is_taken_back_by_instructing_the_old_policy() -> None:
    state = apply(opened(), accepted(governing(ChangePolicy, policy=fund_policy(9 * DAY_S))))
    back = governing(ChangePolicy, policy=fund_policy())
    back.state, back.now_s = state, NOW_S + 60
    state = apply(state, accepted(back))
    for at_s in range(NOW_S, NOW_S + 10 * DAY_S, DAY_S // 2):
        assert state.policy(FUND, at_s) == fund_policy()


def test_what_moves_assets_leaves_the_state_alone() -> None:
    state = opened()
    assert apply(state, accepted(withdrawal())) is state


def test_a_log_that_cannot_be_true() -> None:
    state = opened()
    stranger = AllowDestination(party="client/x", asset="USDC", destination="a", id="1", nonce=1, expires_at_s=1)
    with pytest.raises(GovernanceError, match="client/x was not admitted"):
        apply(state, Accepted(stranger, NOW_S))
    with pytest.raises(GovernanceError, match="client/fund is admitted already"):
        apply(state, Accepted(admission(FUND, fund_policy()), NOW_S))
    revocation = governing(RevokeKey, old_key=key_of(FUND, "deputy").address).signed().instruction
    with pytest.raises(GovernanceError, match=f"accepted at {NOW_S}, after a change at {NOW_S + 1}"):
        fold(state, [Accepted(admission("client/x", fund_policy()), NOW_S + 1), Accepted(stranger, NOW_S)])
    with pytest.raises(KeyringError, match="is revoked"):
        fold(state, [Accepted(revocation, NOW_S), Accepted(revocation, NOW_S + 1)])


def test_a_party_moves_to_a_new_key_without_a_pause() -> None:
    """At every second of a rotation the same two people can approve, with whichever key they have at hand."""
    new = LocalSigner.for_demonstration("the deputy's next key")
    old = key_of(FUND, "deputy")
    overlap_ends_at_s = NOW_S + DAY_S
    turned = governing(
        RotateKey, old_key=old.address, new_key=Key(KeyKind.ACCOUNT, new.address), overlap_ends_at_s=overlap_ends_at_s
    )
    state = apply(opened(), accepted(turned))
    for at_s, key, good in (
        (NOW_S, old, True),
        (NOW_S, new, True),
        (overlap_ends_at_s - 1, old, True),
        (overlap_ends_at_s, old, False),
        (overlap_ends_at_s, new, True),
    ):
        case = withdrawal()
        case.signers[1], case.state, case.now_s, case.content["expires_at_s"] = key, state, at_s, at_s + 1
        assert isinstance(case.decided(), Approval) == good


def test_an_old_approval_can_still_be_explained() -> None:
    answer = withdrawal().decided()
    assert isinstance(answer, Approval)
    revocation = governing(RevokeKey, old_key=key_of(FUND, "deputy").address)
    revocation.now_s = NOW_S + 60
    state = apply(opened(), accepted(revocation))
    policy = state.policy(FUND, answer.accepted_at_s)
    assert policy is not None
    assert policy.rules[answer.rule].most_units == 5_000_000 * 10**6
    for approver in answer.approvers:
        assert state.keyring.standing(approver.key.value, answer.accepted_at_s).speaks
    assert not state.keyring.standing(key_of(FUND, "deputy").address, NOW_S + 60).speaks


def test_a_clock_that_steps_back_gives_no_key_its_voice_again() -> None:
    revocation = governing(RevokeKey, old_key=key_of(FUND, "deputy").address)
    revocation.signers[1] = key_of(FUND, "controller")
    state = apply(opened(), accepted(revocation))
    assert state.as_of_s == NOW_S
    case = withdrawal()
    case.state, case.now_s = state, NOW_S - 60
    answer = case.decided()
    assert isinstance(answer, Declined)
    assert answer.refusal is Refusal.KEY_IS_REVOKED
    case.signers[1] = key_of(FUND, "controller")
    approved = case.decided()
    assert isinstance(approved, Approval)
    assert approved.accepted_at_s == NOW_S, "and the log does not go back"


# -- any run of changes ------------------------------------------------------------------------------------------------

KEYS = [LocalSigner.for_demonstration(f"spare {number}") for number in range(4)]
PEOPLE = [*(key_of(FUND, signer) for signer in TREASURY.signers), key_of(CUSTODIAN, "risk"), *KEYS]
addresses = st.sampled_from([signer.address for signer in PEOPLE])
spares = st.sampled_from(KEYS).map(lambda signer: Key(KeyKind.ACCOUNT, signer.address))
changes = st.one_of(
    st.tuples(st.just(AddKey), st.fixed_dictionaries({"signer": st.sampled_from(TREASURY.signers), "new_key": spares})),
    st.tuples(
        st.just(RotateKey),
        st.fixed_dictionaries(
            {"old_key": addresses, "new_key": spares, "overlap_ends_at_s": st.integers(NOW_S, NOW_S + 5000)}
        ),
    ),
    st.tuples(st.just(RevokeKey), st.fixed_dictionaries({"old_key": addresses})),
    st.tuples(
        st.just(ChangePolicy), st.fixed_dictionaries({"policy": st.sampled_from([fund_policy(), fund_policy(DAY_S)])})
    ),
    st.tuples(
        st.sampled_from([AllowDestination, RemoveDestination]),
        st.fixed_dictionaries({"asset": st.just("USDC"), "destination": st.sampled_from(["one", "two"])}),
    ),
)
Run = list[tuple[tuple[type[Instruction], dict[str, object]], set[int], int]]
runs = st.lists(
    st.tuples(changes, st.sets(st.sampled_from(range(len(PEOPLE))), min_size=2, max_size=4), st.integers(1, 2000)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(runs)
def test_the_log_alone_gives_the_state_back(
    run: list[tuple[tuple[type[Instruction], dict[str, object]], set[int], int]],
) -> None:
    """What was accepted goes through its JSON and is folded: the same state; and what was declined left no trace."""
    state, log, now_s = opened(), [], NOW_S
    for number, ((kind, content), who, later_s) in enumerate(run):
        now_s += later_s
        case = Case(state, kind, {**content, "id": f"c/{number}", "nonce": number, "expires_at_s": now_s + 60})
        case.signers, case.now_s = [PEOPLE[one] for one in sorted(who)], now_s
        answer = case.decided()
        if isinstance(answer, Approval):
            log.append((answer.signed.to_json(), now_s))
            state = apply(state, answer.accepted)
    again = fold(opened(), (Accepted(SignedInstruction.from_json(text).instruction, at_s) for text, at_s in log))
    assert again == state
    assert isinstance(again, ApprovalState)


def test_the_runs_above_do_change_something() -> None:
    """Their control: a run as they are drawn, of which three of four are accepted."""
    script = [
        (AddKey, {"signer": "deputy", "new_key": Key(KeyKind.ACCOUNT, KEYS[0].address)}, {0, 1, 3}, True),
        (RevokeKey, {"old_key": key_of(FUND, "deputy").address}, {0, 2, 3}, True),
        (ChangePolicy, {"policy": fund_policy(DAY_S)}, {0, 1, 3}, False),
        (ChangePolicy, {"policy": fund_policy(DAY_S)}, {0, 3, 4}, True),
    ]
    state = opened()
    for number, (kind, content, who, good) in enumerate(script):
        case = Case(state, kind, {**content, "nonce": number}, [PEOPLE[one] for one in who], now_s=NOW_S + number)
        answer = case.decided()
        assert isinstance(answer, Approval) == good
        if isinstance(answer, Approval):
            state = apply(state, answer.accepted)


def test_what_nobody_could_meet_is_said() -> None:
    keyring = opened().keyring
    assert unsatisfied(fund_policy(), keyring, NOW_S) is None
    for signer in ("treasurer", "deputy"):
        keyring = keyring.revoke(key_of(FUND, signer).address, NOW_S)
    told = unsatisfied(fund_policy(), keyring, NOW_S)
    assert told == "rule 0 asks for 2 of treasury, where 1 will hold a key that can approve"
    assert unsatisfied(fund_policy(), keyring, NOW_S - 1) is None
    assert holding(FUND, "trainee").key.value in keyring.tenures
