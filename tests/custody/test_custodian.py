"""The custodian over real books: every way of every lifecycle, what is refused, and that a repeated call is none."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from custody.answers import Answer
from custody.carrying import CustodianError
from custody.custodian_store import MovementQuery
from custody.declined import Refusal
from custody.delegation import Standing
from custody.instructions import AllowDestination, Delegate, RevokeKey, Withdraw
from custody.movements import Block
from custody.refusals import MovementRefusal
from custody.states import Act, Lifecycle, State
from custody.transfers import Reason, Transfer
from tests.custody.approving import DAY_S, NEW_PLACE, key_of
from tests.custody.custodian_cast import FUND, HEDGER, NORTH, PLACE, TERMS, Cast, cast_at, usdc

BOTH = pytest.mark.parametrize("standing", list(Standing), ids=lambda standing: standing.value)


@pytest.fixture
def cast(address: str) -> Iterator[Cast]:
    with cast_at(address) as opened:
        yield opened
        assert opened.register.verify() == []
        assert opened.books.verify() == []


def reason_of(answer: Answer) -> str:
    """Where a movement stands, and why."""
    assert answer.movement is not None
    return f"{answer.movement.state} {answer.movement.reason}".strip()


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_deposit_is_credited_when_it_is_deep_enough(cast: Cast) -> None:
    cast.observe("d", 100)
    assert cast.balances()["client/fund/available"] == (0, 0)
    assert cast.tell("d", Act.CONFIRM, confirmations=2).ok
    assert cast.state("d") is State.CONFIRMING
    assert cast.tell("d", Act.CONFIRM, confirmations=3).ok
    assert cast.balances() == {"vault": (-100, -100), "client/fund/available": (100, 100)}
    assert cast.told("d") == ["deposit.observed", "deposit.confirming", "deposit.credited"]


@pytest.mark.parametrize(
    ("act", "state"), [(Act.DROP, State.REORGANISED), (Act.DECLINE, State.REFUSED), (Act.TIME_OUT, State.EXPIRED)]
)
def test_a_deposit_that_does_not_come_leaves_nothing(cast: Cast, act: Act, state: State) -> None:
    cast.observe("d", 100)
    if act is Act.TIME_OUT:
        cast.now_s += TERMS.chain_s
        cast.custodian.tick(cast.now_s)
    else:
        assert cast.tell("d", act, "0xbeef").ok
    assert cast.state("d") is state
    assert cast.balances() == {}


@BOTH
def test_delegated_moved_recalled_and_withdrawn(address: str, standing: Standing) -> None:
    with cast_at(address, standing) as cast:
        cast.deposited("d", 100)
        place = "client/fund/{}/north".format("delegated" if standing is Standing.SEGREGATED else "claim")
        assert cast.delegate("g", 60).ok
        assert cast.state("g") is State.PENDING_VENUE
        assert cast.balances()["client/fund/available"] == (100, 40)
        assert cast.tell("g", Act.ACKNOWLEDGE).ok
        assert cast.balances()[place] == (60, 60)
        assert cast.move("m", 50).ok
        assert cast.tell("m", Act.RELEASE).ok
        assert cast.tell("m", Act.ACKNOWLEDGE).refusal is MovementRefusal.DELAY_IS_NOT_OVER
        cast.now_s += TERMS.move_delay_s
        assert cast.tell("m", Act.ACKNOWLEDGE).ok
        assert cast.balances()[place] == (10, 10)
        assert cast.balances()[place.replace("north", "south")] == (50, 50)
        assert cast.recall("r", 10).ok
        assert cast.tell("r", Act.RELEASE).ok
        assert cast.balances()["client/fund/available"] == (50, 50)
        assert cast.withdraw("w", 44).ok
        assert cast.tell("w", Act.SEND, "0xcafe").ok
        assert cast.balances()["client/fund/available"] == (50, 6)
        assert cast.tell("w", Act.CONFIRM).ok
        assert cast.balances()["client/fund/available"] == (6, 6)
        assert cast.balances()["vault"] == (-56, -56)
        assert cast.told("m") == [
            *(f"move.{state}" for state in ("requested", "approved", "recall_requested", "pending_venue")),
            "delegation.active",
        ]
        assert cast.register.verify() == []
        assert cast.books.verify() == []


@BOTH
def test_a_move_that_the_second_venue_does_not_take_is_the_clients_own_again(address: str, standing: Standing) -> None:
    with cast_at(address, standing) as cast:
        cast.deposited("d", 100)
        cast.delegated("g", 60)
        for name, act in (("refused", Act.REFUSE), ("silent", Act.TIME_OUT)):
            assert cast.move(name, 20).ok
            assert cast.tell(name, Act.RELEASE).ok
            if act is Act.REFUSE:
                assert cast.tell(name, act, "full").ok
            else:
                cast.now_s += TERMS.venue_s + TERMS.move_delay_s
                cast.custodian.tick(cast.now_s)
            assert cast.state(name) is State.RELEASED
        assert cast.balances()["client/fund/available"] == (80, 80)
        assert not any(name.endswith("/south") for name in cast.balances())


def test_a_venues_own_collateral_goes_the_same_ways(cast: Cast) -> None:
    cast.deposited("d", 100, NORTH)
    cast.delegated("g", 80, NORTH)
    assert cast.balances()["venue/north/collateral"] == (80, 80)
    # It may be released only above what the venue owes.
    cast.custodian.keep((NORTH, "north", "USDC"), Block.OBLIGATION_UNPAID, 50, cast.now_s)
    assert cast.register.recallable_units(NORTH, "north", "USDC") == 30
    assert cast.recall("more", 31, NORTH).ok
    assert cast.state("more") is State.BLOCKED
    assert cast.recall("r", 30, NORTH).ok
    assert cast.tell("r", Act.RELEASE).ok
    assert reason_of(cast.withdraw("w", 51, NORTH)) == "refused exceeds_available"
    assert cast.withdraw("w2", 44, NORTH).ok
    assert cast.balances()["venue/north/available"] == (50, 6)
    assert cast.balances()["venue/north/collateral"] == (50, 50)


# -- silence -----------------------------------------------------------------------------------------------------------


def test_a_venue_that_does_not_acknowledge_in_time_loses_the_delegation(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegate("g", 60)
    cast.now_s += TERMS.venue_s + TERMS.move_delay_s
    # Nobody has looked at the clock meanwhile: the answer is that of one who had.
    late = cast.tell("g", Act.ACKNOWLEDGE)
    assert (late.refusal, late.detail) == (MovementRefusal.ACT_IS_NOT_LISTED, "expired allows nothing")
    assert [event.name for event in late.events] == ["delegation.failed"]
    assert cast.balances()["client/fund/available"] == (100, 100)
    assert cast.custodian.tick(cast.now_s) == []


def test_a_venue_that_does_not_release_in_time_has_released(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegated("g", 60)
    cast.recall("r", 60)
    cast.now_s += TERMS.release_s
    (answer,) = cast.custodian.tick(cast.now_s)
    assert [event.name for event in answer.events] == ["delegation.released"]
    assert cast.balances()["client/fund/available"] == (100, 100)


def test_a_venue_cannot_refuse_a_recall(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegated("g", 60)
    cast.recall("r", 60)
    refused = cast.tell("r", Act.REFUSE, "we like it here")
    assert refused.refusal is MovementRefusal.ACT_IS_NOT_LISTED
    assert refused.detail == "recall_requested allows release, time_out"


def test_what_is_blocked_goes_on_by_itself_once_nothing_stops_it(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegated("g", 60)
    place = (FUND, "north", "USDC")
    cast.custodian.keep(place, Block.SETTLEMENT_PENDING, 30, cast.now_s)
    assert reason_of(cast.recall("r", 60)) == "blocked settlement_pending"
    assert cast.custodian.tick(cast.now_s + 1) == []
    cast.custodian.keep(place, Block.SETTLEMENT_PENDING, 0, cast.now_s)
    assert len(cast.custodian.tick(cast.now_s + 1)) == 1
    assert cast.state("r") is State.RECALL_REQUESTED
    # What is put on it while the venue thinks voids the hold; the next one is another.
    cast.custodian.keep(place, Block.CALL_OPEN, 1, cast.now_s)
    assert cast.tell("r", Act.RELEASE).ok
    assert cast.state("r") is State.BLOCKED
    assert cast.balances()["client/fund/delegated/north"] == (60, 60)
    cast.custodian.keep(place, Block.CALL_OPEN, 0, cast.now_s)
    cast.custodian.tick(cast.now_s + 2)
    assert cast.tell("r", Act.RELEASE).ok
    assert cast.state("r") is State.RELEASED


def test_what_stays_blocked_expires(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.custodian.halt("north", True, cast.now_s)
    assert cast.delegate("g", 60).ok
    assert cast.state("g") is State.BLOCKED
    assert cast.delegate("south", 10, venue="south").ok
    assert cast.state("south") is State.PENDING_VENUE
    cast.now_s += TERMS.block_s
    cast.custodian.tick(cast.now_s)
    assert cast.state("g") is State.EXPIRED
    cast.custodian.halt("north", False, cast.now_s)
    assert cast.delegate("g2", 60).ok
    assert cast.state("g2") is State.PENDING_VENUE


def test_a_payment_may_not_be_made_twice_because_the_chain_is_slow(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.withdraw("w", 100)
    cast.tell("w", Act.SEND, "0xcafe")
    for _ in range(3):
        cast.now_s += TERMS.chain_s
        cast.custodian.tick(cast.now_s)
    assert cast.told("w")[-3:] == ["withdrawal.late"] * 3
    assert cast.balances()["client/fund/available"] == (100, 0)
    assert cast.tell("w", Act.CONFIRM).ok
    assert cast.balances() == {}


@pytest.mark.parametrize(("act", "state"), [(Act.DECLINE, State.REFUSED), (Act.TIME_OUT, State.EXPIRED)])
def test_a_withdrawal_that_is_not_sent_is_given_back(cast: Cast, act: Act, state: State) -> None:
    cast.deposited("d", 100)
    cast.withdraw("w", 60)
    if act is Act.TIME_OUT:
        cast.now_s += TERMS.send_s
        cast.custodian.tick(cast.now_s)
    else:
        assert cast.tell("w", act, "sanctioned").ok
    assert cast.state("w") is state
    assert cast.balances()["client/fund/available"] == (100, 100)


def test_a_withdrawal_that_fails_on_chain_is_given_back(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.withdraw("w", 60)
    cast.tell("w", Act.SEND, "0xcafe")
    assert cast.tell("w", Act.FAIL, "reverted").ok
    assert cast.balances()["client/fund/available"] == (100, 100)


# -- no double delegation, by hand -------------------------------------------------------------------------------------


def test_what_is_pending_counts(cast: Cast) -> None:
    cast.deposited("d", 100)
    assert reason_of(cast.delegate("a", 50)) == "pending_venue"
    assert reason_of(cast.delegate("b", 41, venue="south")) == "refused would_delegate_twice"
    assert reason_of(cast.delegate("c", 40, venue="south")) == "pending_venue"
    assert reason_of(cast.withdraw("w", 1)) == "refused would_uncover_delegations"
    assert reason_of(cast.delegate("e", 11)) == "refused exceeds_available"
    assert cast.tell("a", Act.REFUSE, "no").ok
    assert reason_of(cast.withdraw("w2", 55)) == "approved"
    # 45 are left, 40 of them on their way to a venue, which 45 × 0.9 = 40 still bears.
    assert reason_of(cast.delegate("f", 1)) == "refused would_delegate_twice"


def test_an_excess_after_a_gain_is_reported_and_nothing_more_is_delegated(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegated("g", 90)
    cast.deposited("v", 100, NORTH)
    cast.delegated("vg", 90, NORTH)
    gain = Transfer("gain", "USDC/venue/north/collateral", "USDC/client/fund/delegated/north", 50, Reason.SETTLEMENT)
    assert cast.books.post([gain], cast.now_s)[0].ok
    coverage = cast.register.coverage(FUND, "USDC")
    assert (coverage.delegated_units, coverage.ceiling_units, coverage.excess_units) == (140, 135, 5)
    assert reason_of(cast.delegate("more", 1)) == "refused would_delegate_twice"
    assert reason_of(cast.move("m", 1)) == "refused would_delegate_twice"
    assert reason_of(cast.withdraw("w", 1)) == "refused would_uncover_delegations"
    assert reason_of(cast.recall("r", 5)) == "recall_requested"
    assert cast.tell("r", Act.RELEASE).ok
    assert cast.register.coverage(FUND, "USDC").excess_units == 0


# -- who may, and how often --------------------------------------------------------------------------------------------


def test_a_movement_waits_for_its_quorum_and_then_goes_on(address: str) -> None:
    with cast_at(address, required=2) as cast:
        cast.deposited("d", 100)
        signed = cast.signed(Delegate, FUND, "g", venue="north", amount=usdc(60))
        waiting = cast.custodian.submit(signed, cast.now_s)
        assert waiting.ok
        assert waiting.declined is not None
        assert waiting.declined.refusal is Refusal.QUORUM_IS_NOT_REACHED
        assert cast.state("g") is State.REQUESTED
        assert cast.balances()["client/fund/available"] == (100, 100)
        again = cast.custodian.submit(signed, cast.now_s)
        assert (again.ok, again.repeated, again.events) == (True, True, ())
        full = cast.custodian.submit(signed.signed_by(key_of(FUND, "second")), cast.now_s)
        assert [event.name for event in full.events] == ["delegation.approved", "delegation.pending_venue"]
        assert cast.register.verify() == []


def test_a_quorum_that_is_not_reached_in_time_is_not_reached(address: str) -> None:
    with cast_at(address, required=2) as cast:
        cast.deposited("d", 100)
        signed = cast.signed(Delegate, FUND, "g", venue="north", amount=usdc(60))
        cast.custodian.submit(signed, cast.now_s)
        cast.now_s += TERMS.quorum_s
        full = cast.custodian.submit(signed.signed_by(key_of(FUND, "second")), cast.now_s)
        assert [event.name for event in full.events] == ["delegation.failed"]
        assert cast.state("g") is State.EXPIRED


def test_what_is_not_signed_as_it_must_be_leaves_no_trace(cast: Cast) -> None:
    cast.deposited("d", 100)
    signed = cast.signed(Delegate, FUND, "g", venue="north", amount=usdc(60))
    stranger = replace(signed, signatures=())
    answer = cast.custodian.submit(stranger.signed_by(key_of(HEDGER, "first")), cast.now_s)
    assert answer.refusal is MovementRefusal.APPROVAL_WAS_DECLINED
    assert answer.detail.startswith("signer_is_of_another_party: ")
    assert cast.register.movement("g") is None
    assert cast.custodian.submit(signed, cast.now_s).ok


def test_a_nonce_is_used_once(cast: Cast) -> None:
    cast.deposited("d", 100)
    assert cast.delegate("a", 10).ok
    cast.nonces -= 1
    answer = cast.delegate("b", 10)
    assert answer.detail.startswith("nonce_is_used: ")


def test_governing_instructions_bind_the_next_one(cast: Cast) -> None:
    cast.deposited("d", 100)
    elsewhere = {"destination": NEW_PLACE, "amount": usdc(10)}
    assert cast.submit(Withdraw, FUND, "w1", **elsewhere).detail.startswith("destination_is_not_allowed")
    allow = cast.signed(AllowDestination, FUND, "allow", asset="USDC", destination=NEW_PLACE)
    assert cast.custodian.submit(allow, cast.now_s).ok
    assert cast.custodian.submit(allow, cast.now_s).repeated
    assert cast.submit(Withdraw, FUND, "w2", **elsewhere).detail.startswith("destination_is_time_locked")
    cast.now_s += DAY_S - 1
    assert cast.submit(Withdraw, FUND, "w3", **elsewhere).detail.startswith("destination_is_time_locked")
    revoke = cast.signed(RevokeKey, FUND, "revoke", old_key=key_of(FUND, "first").address)
    assert cast.custodian.submit(revoke, cast.now_s).ok
    assert cast.delegate("g", 10).detail.startswith("key_is_revoked")


def test_a_later_custodian_knows_what_an_earlier_one_accepted(address: str) -> None:
    with cast_at(address) as cast:
        revoke = cast.signed(RevokeKey, FUND, "revoke", old_key=key_of(FUND, "first").address)
        assert cast.custodian.submit(revoke, cast.now_s).ok
    with cast_at(address) as later:
        later.nonces = 50
        later.deposited("d", 100)
        assert later.delegate("g", 10).detail.startswith("key_is_revoked")


CALLS: dict[str, Callable[[Cast], Answer]] = {
    "observe": lambda cast: cast.observe("d", 100),
    "confirm some": lambda cast: cast.tell("d", Act.CONFIRM, confirmations=1),
    "confirm all": lambda cast: cast.tell("d", Act.CONFIRM, confirmations=3),
    "acknowledge": lambda cast: cast.tell("g", Act.ACKNOWLEDGE),
    "release": lambda cast: cast.tell("r", Act.RELEASE, "released"),
    "send": lambda cast: cast.tell("w", Act.SEND, "0xcafe"),
    "confirm": lambda cast: cast.tell("w", Act.CONFIRM, "0xcafe"),
}


def test_every_call_may_be_repeated_at_any_later_time(cast: Cast) -> None:
    signed = {
        "acknowledge": cast.signed(Delegate, FUND, "g", venue="north", amount=usdc(60)),
        "send": cast.signed(Withdraw, FUND, "w", destination=PLACE, amount=usdc(20)),
    }
    for name, call in CALLS.items():
        if name in signed:
            assert not cast.custodian.submit(signed[name], cast.now_s).repeated
        if name == "release":
            assert cast.recall("r", 10).ok
        assert not call(cast).repeated
    before, told = cast.balances(), cast.told()
    for call in CALLS.values():
        again = call(cast)
        assert (again.ok, again.repeated, again.events) == (True, True, ())
    for one in signed.values():
        again = cast.custodian.submit(one, cast.now_s)
        assert (again.ok, again.repeated) == (True, True)
    assert (cast.balances(), cast.told()) == (before, told)


def test_the_same_id_with_other_content_is_refused_and_says_what_differs(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegated("g", 60)
    assert cast.observe("d", 101).refusal is MovementRefusal.EXISTS_WITH_DIFFERENT_UNITS
    assert cast.observe("d", 100, HEDGER).refusal is MovementRefusal.EXISTS_WITH_DIFFERENT_PARTY
    assert cast.observe("d", 100, reference="0x1").refusal is MovementRefusal.SAID_BEFORE_WITH_DIFFERENT_REFERENCE
    assert cast.delegate("d", 100).refusal is MovementRefusal.EXISTS_WITH_DIFFERENT_LIFECYCLE
    assert cast.delegate("g", 60, venue="south").refusal is MovementRefusal.EXISTS_WITH_DIFFERENT_VENUE
    # The same movement under another nonce is another instruction.
    assert cast.delegate("g", 60).refusal is MovementRefusal.SAID_BEFORE_WITH_DIFFERENT_REFERENCE
    cast.withdraw("w", 10)
    cast.tell("w", Act.SEND, "0xcafe")
    other = cast.tell("w", Act.SEND, "0xbeef")
    assert (other.refusal, other.detail) == (
        MovementRefusal.SAID_BEFORE_WITH_DIFFERENT_REFERENCE,
        "send was said with '0xcafe'",
    )


REFUSED: dict[str, tuple[Callable[[Cast], Answer], str]] = {
    "id": (lambda cast: cast.observe("no id", 1), "id_is_malformed"),
    "id and units": (lambda cast: cast.observe("no id", 0), "id_is_malformed"),
    "unknown": (lambda cast: cast.tell("nobody", Act.RELEASE), "movement_not_found"),
    "units": (lambda cast: cast.observe("x", 0), "units_must_be_positive"),
    "units and party": (lambda cast: cast.observe("x", 0, "fund"), "units_must_be_positive"),
    "int64": (lambda cast: cast.observe("x", 2**63), "units_exceed_int64"),
    "party": (lambda cast: cast.observe("x", 1, "fund"), "party_is_malformed"),
    "party with a way out": (lambda cast: cast.observe("x", 1, "client/a/b"), "party_is_malformed"),
    "party and asset": (
        lambda cast: cast.custodian.observe("x", "fund", "XRP", 1, "", cast.now_s), "party_is_malformed"
    ),
    "asset": (lambda cast: cast.custodian.observe("x", FUND, "XRP", 1, "", cast.now_s), "asset_is_unknown"),
    "venue": (lambda cast: cast.delegate("x", 1, venue="west"), "venue_is_unknown"),
    "second venue": (lambda cast: cast.move("x", 1, there="west"), "venue_is_unknown"),
    "a venue elsewhere": (lambda cast: cast.delegate("x", 1, NORTH, "south"), "venue_must_be_the_party"),
    "a venue on the move": (lambda cast: cast.move("x", 1, NORTH), "venue_must_be_the_party"),
}  # fmt: skip


def test_what_is_refused_writes_nothing(cast: Cast) -> None:
    for case, (call, refusal) in REFUSED.items():
        answer = call(cast)
        assert (answer.refusal, answer.events) == (MovementRefusal(refusal), ()), case
    assert cast.register.movements() == []


def test_what_the_books_refuse_is_an_answer_and_undoes_all_of_the_call(cast: Cast) -> None:
    cast.deposited("d", 10)
    cast.withdraw("w", 10)
    cast.tell("w", Act.SEND, "0xcafe")
    cast.tell("w", Act.CONFIRM)
    assert all(closing.ok for closing in cast.books.close_accounts(["USDC/client/fund/available"], cast.now_s))
    before = cast.told()
    answer = cast.observe("late", 5)
    assert (answer.refusal, answer.retry_may_succeed) == (MovementRefusal.BOOKS_REFUSED, True)
    assert "USDC/client/fund/available was closed" in answer.detail
    assert cast.told() == before
    # In somebody else's transaction it is for him to undo what he has written too.
    with pytest.raises(CustodianError, match="was closed"), cast.database.transaction() as tx:
        cast.custodian.observe("late", FUND, "USDC", 5, "", cast.now_s, tx)
    assert cast.told() == before


def test_a_movement_and_what_else_is_written_with_it_are_one(cast: Cast) -> None:
    with cast.database.transaction() as tx:
        cast.custodian.keep((FUND, "north", "USDC"), Block.CALL_OPEN, 7, cast.now_s, tx)
        cast.custodian.observe("d", FUND, "USDC", 5, "", cast.now_s, tx)
        assert cast.register.movement("d") is None
    assert cast.state("d") is State.OBSERVED
    assert cast.register.kept_units(FUND, "north", "USDC") == {Block.CALL_OPEN: 7}


# -- lists -------------------------------------------------------------------------------------------------------------


def test_lists_are_filtered_and_paged(cast: Cast) -> None:
    for number in range(5):
        cast.now_s += 1
        cast.deposited(f"d{number}", 10, FUND if number % 2 else HEDGER)
    cast.delegated("g", 5)
    register = cast.register

    def names(query: MovementQuery, **page: int) -> list[str]:
        return [one.movement.id for one in register.movements(query, **page)]

    assert names(MovementQuery(party=FUND)) == ["d1", "d3", "g"]
    assert names(MovementQuery(party=FUND, state=State.CREDITED)) == ["d1", "d3"]
    assert names(MovementQuery(lifecycle=Lifecycle.DELEGATION)) == ["g"]
    start_s = cast.now_s - 4
    assert names(MovementQuery(from_s=start_s + 1, to_s=start_s + 3)) == ["d1", "d2"]
    first = register.movements(limit=2)
    assert [one.movement.id for one in first] == ["d0", "d1"]
    assert names(MovementQuery(), after=first[-1].number, limit=2) == ["d2", "d3"]


def test_events_can_be_asked_for_again_from_any_place(cast: Cast) -> None:
    cast.deposited("d", 100)
    cast.delegated("g", 60)
    everything = cast.register.events(limit=100)
    assert [told.position for told in everything] == sorted({told.position for told in everything})
    heard, last = [], 0
    while page := cast.register.events(after=last, limit=2):
        heard += page
        last = page[-1].position
    assert heard == everything
    assert [told.event.movement_id for told in cast.register.events("g")] == ["g"] * 4
