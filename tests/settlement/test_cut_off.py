"""What a cycle is computed from, and what came too late for it."""

from dataclasses import replace

from settlement.cut_off import Late, Marks, Pinned, Refused, fills_digest, late, of_this_cycle, pin
from settlement.mirror import HOUSE, Fill

EARLY = Fill("harbour", 1, 1, "hedger", HOUSE, 5, 10_000, 90, "trade")
ON_TIME = replace(EARLY, sequence=3, occurred_at_s=100)
AFTER = replace(EARLY, sequence=4, occurred_at_s=101)
MARKS = Marks({1: 10_000}, {1: 95}, b"\x01" * 32)
ASKED = {"venue": "harbour", "signed_marks": b"\x01" * 32, "missing": 0, "stale_s": 60, "now_s": 100}


def pinned(at_s: int = 100, heard: tuple[Fill, ...] = (AFTER, ON_TIME, EARLY), **changed: object) -> Pinned | Refused:
    previous, marks = changed.pop("previous", None), changed.pop("marks", MARKS)
    return pin(previous, at_s, heard, marks, **{**ASKED, **changed})


def first() -> Pinned:
    found = pinned()
    assert isinstance(found, Pinned)
    return found


def test_a_cut_off_takes_what_occurred_up_to_it_and_has_one_digest_in_any_order() -> None:
    found = first()
    assert (found.number, found.fills) == (1, (EARLY, ON_TIME))
    assert found.fills_digest == fills_digest((ON_TIME, EARLY)) != fills_digest((EARLY,))


def test_refusals_come_in_their_order_one_cure_at_a_time() -> None:
    previous = replace(first(), at_s=100)
    worst = {"previous": previous, "missing": 2, "signed_marks": b"", "now_s": 99}
    told = []
    for at_s, cure in (
        (100, {}), (101, {"marks": replace(MARKS, prices_e6={})}), (101, {"now_s": 101}), (101, {"missing": 0}),
        (101, {"signed_marks": b"\x01" * 32}), (101, {"marks": replace(MARKS, as_of_s={1: 102})}),
        (101, {"marks": replace(MARKS, as_of_s={1: 40})}), (101, {"marks": MARKS}),
    ):  # fmt: skip
        worst |= cure
        found = pinned(at_s, **worst)
        told.append(str(found.refusal) if isinstance(found, Refused) else "pinned")
    assert told == [
        "cut_off_not_after", "cut_off_in_future", "fills_are_missing", "marks_are_of_another_digest",
        "mark_is_missing", "mark_is_after_cut_off", "mark_is_stale", "pinned",
    ]  # fmt: skip


def test_a_late_fill_is_a_break_and_goes_into_the_next_cycle() -> None:
    one = first()
    straggler = replace(EARLY, sequence=2, occurred_at_s=95)
    assert late((one,), straggler, 130) == Late(straggler, belongs_to=1, settles_in=2, heard_at_s=130)
    assert late((one,), AFTER, 130) is None, "its own cycle is still open"
    assert late((one,), EARLY, 130) is None, "heard again"
    two = pinned(120, (EARLY, straggler, ON_TIME, AFTER), previous=one, now_s=130)
    assert isinstance(two, Pinned)
    assert of_this_cycle(two, one) == (straggler, AFTER)
    assert of_this_cycle(one, None) == (EARLY, ON_TIME)
    older = replace(straggler, sequence=5)
    assert late((one, two), older, 140) == Late(older, 1, 3, 140)
