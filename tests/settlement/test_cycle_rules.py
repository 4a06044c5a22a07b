"""What a cycle is refused for, in order, one cure at a time; who pays where a payer has too little. Pure: no chain."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.batch import GENESIS
from settlement.chain_cycle import ChainCycle, Leg, legs_of
from settlement.cycle_rules import BookState, CycleRefusal, Paid, Refused, Shortfall, check, pay

LOW, MIDDLE, HIGH, VENUE = ("0x" + digit * 40 for digit in "1238")
TOKEN, OTHER = "0x" + "4" * 40, "0x" + "5" * 40
DIGEST, HEAD = b"\x07" * 32, b"\x01" * 32
NOW_S = 1_000
STATE = BookState(True, False, 6, HEAD, 900)
BOTH_SIDES = Leg(TOKEN, ((LOW, 3), (MIDDLE, 2)), ((MIDDLE, 5),))
GOOD = ChainCycle(VENUE, 7, HEAD, NOW_S, GENESIS, (Leg(TOKEN, ((LOW, 3), (MIDDLE, 2)), ((HIGH, 5),)),))


def test_every_refusal_of_a_proposal_comes_in_its_order_and_is_cured_alone() -> None:
    """Each step cures what was told before: the order of the refusals is the order of the cures."""
    worst = ChainCycle(VENUE, 8, GENESIS, 900, GENESIS, (Leg("0x" + "0" * 40, (), ((MIDDLE, 5),)),))
    opened = BookState(False, True, 6, HEAD, 900, frozenset({DIGEST}))
    none, venue = (False, False), (True, False)
    known = replace(opened, is_registered=True)
    closed, fresh = replace(known, is_open=False), STATE
    due = replace(worst, sequence=7)
    follows = replace(due, previous_digest=HEAD)
    later, now = replace(follows, cut_off_s=NOW_S + 1), replace(follows, cut_off_s=NOW_S)
    legs = (
        Leg(TOKEN, (), ((MIDDLE, 5),)),
        Leg(TOKEN, ((MIDDLE, 0), (LOW, 3)), ((MIDDLE, 5),)),
        Leg(TOKEN, ((MIDDLE, 2), (LOW, 3)), ((MIDDLE, 5),)),
        Leg(TOKEN, ((LOW, 3), (MIDDLE, 1)), ((MIDDLE, 5),)),
        BOTH_SIDES,
        GOOD.legs[0],
    )
    steps = (
        (worst, opened, none, f"unknown venue (venue {VENUE})"),
        (worst, known, none, f"cycle open (venue {VENUE}, sequence 7)"),
        (worst, closed, none, "wrong sequence (expected 7, given 8)"),
        (due, closed, none, f"wrong previous digest (expected 0x{HEAD.hex()}, given 0x{GENESIS.hex()})"),
        (follows, closed, none, "cut off not after (previous 900, given 900)"),
        (later, closed, none, "cut off in future (given 1001, timestamp 1000)"),
        (now, closed, none, "legs not sorted (index 0)"),
        (replace(now, legs=legs[:1]), closed, none, f"empty leg (token {TOKEN})"),
        (replace(now, legs=legs[1:2]), closed, none, f"zero obligation (token {TOKEN}, holder {MIDDLE})"),
        (replace(now, legs=legs[2:3]), closed, none, f"obligations not sorted (token {TOKEN}, index 1)"),
        (replace(now, legs=legs[3:4]), closed, none, f"obligations not balanced (token {TOKEN}, debits 4, credits 5)"),
        (replace(now, legs=legs[4:5]), closed, none, f"holder on both sides (token {TOKEN}, holder {MIDDLE})"),
        (replace(now, legs=legs[5:]), closed, none, f"cycle void (digest 0x{DIGEST.hex()})"),
        (replace(now, legs=legs[5:]), fresh, none, f"wrong venue signature (venue {VENUE})"),
        (replace(now, legs=legs[5:]), fresh, venue, "wrong custodian signature"),
    )
    told = [str(check(cycle, DIGEST, state, NOW_S, signed)) for cycle, state, signed, _ in steps]
    assert told == [expected for *_, expected in steps]
    reached = {sentence.partition(" (")[0] for sentence in told}
    assert reached == {str(refusal) for refusal in CycleRefusal} - {str(CycleRefusal.SHORTFALL_NOT_COVERED)}
    assert check(GOOD, DIGEST, STATE, NOW_S) is None


def test_the_first_leg_at_fault_is_named_and_in_it_payers_come_before_receivers() -> None:
    def told(*legs: Leg) -> str:
        return str(check(replace(GOOD, legs=legs), DIGEST, STATE, NOW_S))

    good = GOOD.legs[0]
    unsorted_credits = replace(good, credits=((HIGH, 2), (MIDDLE, 3)))
    assert told(unsorted_credits, replace(BOTH_SIDES, token=LOW)) == f"obligations not sorted (token {TOKEN}, index 1)"
    assert told(good, good) == "legs not sorted (index 1)"
    assert told(good, replace(good, token=OTHER)) == "None"
    zero_payer = Leg(TOKEN, ((LOW, 0),), ((HIGH, 0),))
    assert told(zero_payer) == f"zero obligation (token {TOKEN}, holder {LOW})"
    assert told(replace(good, credits=((HIGH, 4), (HIGH, 1)))) == f"obligations not sorted (token {TOKEN}, index 1)"


def test_what_may_be_tried_again_is_said() -> None:
    later = {refusal for refusal in CycleRefusal if refusal.may_succeed_later}
    assert later == {CycleRefusal.CYCLE_OPEN, CycleRefusal.CUT_OFF_IN_FUTURE, CycleRefusal.SHORTFALL_NOT_COVERED}


# -- paying ------------------------------------------------------------------------------------------------------------


def paying(balances: dict[str, int], *rows: tuple[str, int]) -> Paid | Refused:
    legs = legs_of((holder, TOKEN, amount) for holder, amount in rows)
    return pay(replace(GOOD, legs=legs), {(holder, TOKEN): amount for holder, amount in balances.items()})


def left(found: Paid | Refused) -> dict[str, int]:
    assert isinstance(found, Paid)
    return {holder: amount for (holder, _), amount in found.balances.items() if amount}


def test_a_payer_pays_what_it_has_and_the_venue_the_rest() -> None:
    paid = paying({LOW: 3, MIDDLE: 9, VENUE: 2}, (LOW, -5), (HIGH, 5))
    assert left(paid) == {MIDDLE: 9, HIGH: 5}
    assert isinstance(paid, Paid)
    assert paid.shortfalls == (Shortfall(TOKEN, LOW, 5, 3),)


def test_what_the_venue_cannot_cover_is_refused_with_both_numbers() -> None:
    refused = paying({LOW: 3, MIDDLE: 9, VENUE: 1}, (LOW, -5), (HIGH, 5))
    assert str(refused) == f"shortfall not covered (venue {VENUE}, token {TOKEN}, missing 2, available 1)"


def test_the_venues_pot_is_used_once() -> None:
    assert left(paying({LOW: 3, VENUE: 10}, (LOW, -7), (VENUE, -6), (HIGH, 13))) == {HIGH: 13}
    owes_more = paying({LOW: 3, VENUE: 10}, (LOW, -8), (VENUE, -6), (HIGH, 14))
    assert str(owes_more).endswith("missing 5, available 4)")
    assert left(paying({LOW: 3}, (LOW, -8), (VENUE, 5), (HIGH, 3))) == {HIGH: 3}, "what it is owed covers as well"


amounts = st.integers(0, 50)


@settings(max_examples=100, deadline=None)
@given(held=st.tuples(*[amounts] * 4), owed=st.tuples(*[st.integers(-30, 30)] * 3))
def test_nothing_is_lost_and_nobody_pays_more_than_it_owes_but_the_venue(
    held: tuple[int, ...], owed: tuple[int, ...]
) -> None:
    parties = (LOW, MIDDLE, HIGH, VENUE)
    rows = dict(zip(parties, (*owed, -sum(owed)), strict=True))
    paid = paying(dict(zip(parties, held, strict=True)), *rows.items())
    if isinstance(paid, Refused):
        return
    after = left(paid)
    assert sum(after.values()) == sum(held)
    for party, before in zip(parties[:3], held, strict=False):
        assert after.get(party, 0) == max(before + rows[party], 0), "its own obligation, and not one unit more"
