"""Never more than is needed, compared with trying every size; and the queue of those who are closed for others."""

import json
import pathlib
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion.market import impact_e6
from margin.instruments import Instrument, Kind
from margin.liquidation import (
    Candidate,
    LiquidationPolicy,
    Slice,
    adl_queue,
    choose,
    deleverage,
    next_slice,
    penalty_units,
)
from margin.requirement import Position, Rates, requirement_of

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
POLICY = LiquidationPolicy(slice_bps=2_000, small_units=100_000 * 10**6, penalty_bps=50)
RATES = {"BTC": Rates(1_000, 650), "XAG": Rates(1_000, 600)}
SPOT_E6 = 60_000 * 10**6


def btc(lots: int, number: int = 1, mark_e6: int = SPOT_E6) -> Position:
    return Position(Instrument(number, "meridian", "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000), lots, mark_e6, SPOT_E6)


def silver(lots: int, number: int = 14) -> Position:
    listed = Instrument(number, "meridian", "XAG-PERP", Kind.PERP, "XAG", 10, 1_000)
    return Position(listed, lots, 80 * 10**6, 80 * 10**6)


def put(lots: int, number: int, mark: int = 3_000, lots_per_coin: int = 1_000) -> Position:
    listed = Instrument(number, "meridian", "BTC-P", Kind.PUT, "BTC", lots_per_coin, 10_000, 60_000 * 10**6, 99)
    return Position(listed, lots, mark * 10**6, SPOT_E6)


# -- which position ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("positions", "chosen"),
    [
        ([btc(1_000, 1), btc(-2_000, 2)], 2),  # $7,800 of maintenance against $3,900
        ([btc(-2_000, 2), btc(1_000, 1)], 2),  # in whatever order they are held
        ([btc(1_000, 1), silver(10_000)], 14),  # $4,800 on $80,000 of silver
        ([silver(7_600), btc(1_000, 1)], 1),  # silver's initial margin is larger, its maintenance is not
        ([put(-1_000, 3), btc(1_000, 1)], 3),  # $5,400 on a short put
        ([put(9_000, 3), btc(1, 1)], 1),  # a long option binds nothing and goes last
        ([put(5, 4), put(7, 3)], 3),  # only long options are left: the one worth most
        ([put(30, 3, lots_per_coin=10), put(1_000, 4)], 3),  # three coins are more than one
        ([put(5, 4), put(5, 3)], 3),  # all equal: the lowest id
        ([btc(1_000, 2), btc(-1_000, 1)], 1),
    ],
)
def test_the_position_that_binds_most_goes_first(positions: list[Position], chosen: int) -> None:
    assert choose(positions, RATES).instrument.id == chosen


def test_nothing_to_choose_from_is_a_fault() -> None:
    with pytest.raises(ValueError, match="empty"):
        choose([], RATES)


# -- how much of it ----------------------------------------------------------------------------------------------------


def enough_at(lots: int) -> Callable[[int], int]:
    """A requirement that is restored by exactly so many lots."""
    return lambda closed: lots - closed


# 10,000 lots of BTC are $600,000; a fifth of what it was at the start is a slice; $100,000 and less go whole if needed.
SLICES = """
held   began  enough closed why
10000  10000  1      -1     one_lot_is_enough
10000  10000  700    -700   what_is_needed
10000  10000  2000   -2000  just_the_slice
10000  10000  2001   -2000  more_than_the_slice
10000  10000  99999  -2000  no_size_is_enough
-10000 10000  700    700    a_short_is_bought_back
-10000 10000  99999  2000   a_short_is_bought_back_by_slices
4000   10000  99999  -2000  a_slice_is_a_share_of_the_start
1667   10000  99999  -1667  a_slice_is_never_more_than_is_held
1666   99999  99999  -1666  small_goes_whole
1666   1666   99999  -1666  small_goes_whole
1667   1667   99999  -333   just_above_small_rounds_down
1666   1666   5      -5     small_but_no_more_than_needed
9000   4      99999  -1     at_least_one_lot
1      1      99999  -1     the_last_lot
10000  10000  0      -1     at_least_one_lot
"""


@pytest.mark.parametrize("row", SLICES.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[::4]))
def test_how_much_is_closed_now(row: str) -> None:
    held, began, enough, closed = map(int, row.split()[:4])
    assert next_slice(btc(held), began, enough_at(enough), POLICY) == Slice(btc(held), closed)


@pytest.mark.parametrize(("small", "closed"), [(10_020, -1_001), (10_019, -200)])
def test_what_is_small_is_worth_no_more_than_the_limit(small: int, closed: int) -> None:
    # 1,001 lots at 10,010e-6 a coin of 1,000 lots are worth 10,020.01 units, so 10,020.
    policy = LiquidationPolicy(slice_bps=2_000, small_units=small, penalty_bps=50)
    assert next_slice(btc(1_001, mark_e6=10_010), 1_001, enough_at(9_999), policy).lots == closed


def test_of_a_flat_position_nothing_can_be_closed() -> None:
    with pytest.raises(ValueError, match="flat"):
        next_slice(btc(0), 10, enough_at(1), POLICY)


def test_the_question_is_asked_a_few_times_only() -> None:
    asked: list[int] = []

    def missing_after(lots: int) -> int:
        asked.append(lots)
        return 1_234_567 - lots

    assert next_slice(btc(10**7), 10**7, missing_after, POLICY).lots == -1_234_567
    assert len(asked) <= 21  # a slice of two million lots


def test_never_more_than_needed_against_trying_every_size() -> None:
    """With price impact as the desk has it: closing costs, the penalty costs, and the mark of what is left moves."""
    reached: Counter[str] = Counter()

    @settings(derandomize=True, deadline=None, max_examples=150)
    @given(
        st.integers(1, 400), st.booleans(), st.integers(0, 400), st.integers(1, 10_000), st.integers(0, 900),
        st.sampled_from([10**8, 10**9, 10**10, 10**12]), st.integers(0, 200),
    )  # fmt: skip
    def holds(
        held: int, is_long: bool, extra: int, slice_bps: int, missing_bps: int, depth: int, penalty_bps: int
    ) -> None:
        position = btc(held if is_long else -held)
        policy = LiquidationPolicy(slice_bps, 600 * 10**6, penalty_bps)
        missing_after = with_impact(position, missing_bps, depth, policy)
        most = held if held <= 10 else min(held, max((held + extra) * slice_bps // 10_000, 1))
        enough = [lots for lots in range(1, most + 1) if missing_after(lots) <= 0]
        closing = next_slice(position, held + extra, missing_after, policy)
        assert closing.lots == (-1 if is_long else 1) * (enough[0] if enough else most)
        reached["enough within the slice"] += bool(enough) and 1 < enough[0] < most
        reached["not enough"] += not enough and most < held

    holds()
    assert min(reached["enough within the slice"], reached["not enough"]) >= 5


def with_impact(
    position: Position, missing_bps: int, depth_units: int, policy: LiquidationPolicy
) -> Callable[[int], int]:
    """Initial margin missing after closing so many lots of a position that lacks `missing_bps` of its notional."""
    listed, side = position.instrument, 1 if position.lots > 0 else -1
    before = requirement_of(position, RATES["BTC"]).initial_units
    missing = abs(position.lots) * SPOT_E6 // 1_000 * missing_bps // 10_000 + 1

    def missing_after(lots: int) -> int:
        move = impact_e6(SPOT_E6, -side * lots * SPOT_E6 // 1_000, depth_units) // 20_000 * 10_000
        left = btc(position.lots - side * lots, mark_e6=SPOT_E6 + move)
        lost = -listed.value_units(side * lots, move // 20_000 * 10_000) - listed.value_units(left.lots, move)
        freed = before - requirement_of(left, RATES["BTC"]).initial_units
        return missing + lost + penalty_units(lots * SPOT_E6 // 1_000, policy) - freed

    return missing_after


@pytest.mark.parametrize(("worth", "penalty"), [(0, 0), (1, 1), (200, 1), (201, 2), (1_000_000, 5_000)])
def test_a_penalty_rounds_up(worth: int, penalty: int) -> None:
    assert penalty_units(worth, POLICY) == penalty


# -- auto-deleveraging -------------------------------------------------------------------------------------------------

# profit ÷ equity ranks; nobody without a profit or without lots is in the queue.
QUEUE = """
party    lots profit equity rank
under    5    1      0      1
under2   5    9      -50    2
levered  5    60     60     3
tied_a   5    30     60     4
tied_b   5    50     100    5
third    5    1      3      6
less     5    333333333332 999999999999 7
unlevered 5   10     100    8
loser    5    -10    50     -
flat     5    0      50     -
gone     0    90     10     -
"""


def candidates_of(table: str) -> list[tuple[Candidate, str]]:
    rows = [row.split() for row in table.strip().splitlines()[1:]]
    return [(Candidate(row[0], int(row[1]), int(row[2]), int(row[3]), 1_000), row[4]) for row in rows]


@pytest.mark.parametrize("turn", [1, -1])
def test_the_queue_ranks_by_profit_over_equity(turn: int) -> None:
    listed = candidates_of(QUEUE)
    expected = [candidate for candidate, rank in listed if rank != "-"]
    assert adl_queue([candidate for candidate, _ in listed][::turn]) == expected


def test_the_published_queue() -> None:
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    cases = json.loads(PAPERS.read_text())["vectors"]
    case = next(case for case in cases if case["id"] == "adl_queue_vs_prorata")
    columns = zip(*(case["inputs"][key] for key in ("pnl", "notional", "leverage")), strict=True)
    holders = [
        Candidate(str(number), 1, pnl, notional // leverage, notional)
        for number, (pnl, notional, leverage) in enumerate(columns)
    ]
    assert [int(candidate.party) for candidate in adl_queue(holders)] == case["expected"]["rank_order"]


@pytest.mark.parametrize(
    ("lots", "taken"),
    [
        (0, ()),
        (3, (("first", 3),)),
        (5, (("first", 5),)),
        (6, (("first", 5), ("second", 1))),
        (9, (("first", 5), ("second", 4))),
        (99, (("first", 5), ("second", 4))),
    ],
)
def test_whole_holders_first_and_the_last_in_part(lots: int, taken: tuple[tuple[str, int], ...]) -> None:
    queue = [Candidate("first", 5, 2, 1, 1), Candidate("second", 4, 1, 1, 1)]
    assert deleverage(lots, queue) == taken


def test_deleveraging_takes_all_that_is_there_and_no_more_and_jumps_over_nobody() -> None:
    reached: Counter[str] = Counter()
    small = st.integers(-20, 40)

    @settings(derandomize=True)
    @given(st.integers(1, 150), st.lists(st.tuples(st.integers(0, 40), small, small), max_size=6))
    def holds(lots: int, figures: list[tuple[int, int, int]]) -> None:
        holders = [Candidate(f"c{number}", *row, 1_000) for number, row in enumerate(figures)]
        queue = adl_queue(holders)
        assert {one.party for one in queue} == {one.party for one in holders if one.lots > 0 and one.profit_units > 0}
        scores = [
            (one.equity_units <= 0, Fraction(one.profit_units, one.equity_units) if one.equity_units > 0 else 0)
            for one in queue
        ]
        assert scores == sorted(scores, reverse=True)
        taken = deleverage(lots, queue)
        assert sum(part for _, part in taken) == min(lots, sum(one.lots for one in queue))
        assert [party for party, _ in taken] == [one.party for one in queue][: len(taken)]
        assert all(part == one.lots for (_, part), one in zip(taken[:-1], queue, strict=False))
        assert all(1 <= part <= one.lots for (_, part), one in zip(taken, queue, strict=False))
        reached["several"] += len(taken) > 1
        reached["a rest"] += lots > sum(part for _, part in taken) > 0
        reached["the last in part"] += any(part < one.lots for (_, part), one in zip(taken, queue, strict=False))

    holds()
    assert min(reached[what] for what in ("several", "a rest", "the last in part")) >= 5
