"""Who is closed first, at which price, and what that takes from whom."""

import json
import pathlib
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.adl import (
    AdlPrice,
    AdlRank,
    AdlTerms,
    Candidate,
    Deleveraging,
    adl_price_e6,
    close_lots,
    ranked,
    take_profits,
)

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
WHOLE = AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, AdlPrice.BANKRUPTCY, whole_positions=True)
NEEDED = AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, AdlPrice.BANKRUPTCY, whole_positions=False)
AT_MARK = AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, AdlPrice.MARK, whole_positions=False)

PRO_RATA = AdlTerms(AdlRank.PRO_RATA, AdlPrice.BANKRUPTCY, whole_positions=False)


def winner(party: str, profit: int, equity: int, notional: int = 1_000) -> Candidate:
    return Candidate(party, 1, profit, equity, notional)


def test_queue_and_pro_rata_as_published() -> None:
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    case = next(case for case in json.loads(PAPERS.read_text())["vectors"] if case["id"] == "adl_queue_vs_prorata")
    given, expected = case["inputs"], case["expected"]
    rows = zip(given["pnl"], given["notional"], given["leverage"], strict=True)
    candidates = [winner(f"{number}", pnl, notional // leverage, notional)
                  for number, (pnl, notional, leverage) in enumerate(rows)]  # fmt: skip
    queue = ranked(candidates, AdlRank.PROFIT_TIMES_LEVERAGE, long_winners=True)
    assert [int(one.party) for one in queue] == expected["rank_order"]
    taken = take_profits(given["shortfall"], queue, WHOLE)
    cut = dict(taken.given)
    assert [cut.get(f"{number}", 0) for number in range(4)] == expected["queue_haircut"]
    assert (sum(cut.values()), taken.surplus_units) == (expected["queue_total"], expected["overshoot"])
    doubled = [winner(one.party, one.profit_units * 2, 1) for one in candidates]
    shared = take_profits(given["shortfall"] * 2, ranked(doubled, AdlRank.PRO_RATA, long_winners=True), PRO_RATA)
    assert [units / 2 for _, units in shared.given] == expected["prorata"]
    assert sum(units for _, units in shared.given) == 2 * expected["prorata_total"]


QUEUES = """
loss terms  given       surplus uncovered
0    needed -           0       0
60   needed b60         0       0
70   needed b60,c10     0       0
70   whole  b60,c30     20      0
90   whole  b60,c30     0       0
91   needed b60,c30,a1  0       0
91   whole  b60,c30,a99 98      0
500  needed b60,c30,a99 0       311
500  whole  b60,c30,a99 0       311
70   mark   -           0       70
70   share  a37,b22,c11 0       0
500  share  a99,b60,c30 0       311
"""


@pytest.mark.parametrize("row", QUEUES.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[:2]))
def test_profits_are_taken_in_the_order_of_the_queue(row: str) -> None:
    loss, terms, given, surplus, uncovered = row.split()
    queue = [winner("b", 60, 60), winner("c", 30, 60), winner("a", 99, 500)]
    parts = tuple((part[0], int(part[1:])) for part in given.split(",") if part != "-")
    chosen = {"needed": NEEDED, "whole": WHOLE, "mark": AT_MARK, "share": PRO_RATA}[terms]
    queue = ranked(queue, chosen.rank, long_winners=True)
    assert take_profits(int(loss), queue, chosen) == Deleveraging(parts, int(surplus), int(uncovered))


def test_a_price_ratio_ranks_otherwise_than_profit() -> None:
    """Entered at 500 with 2x at the mark: 2 × 2. Entered at 900 with 3x: 10/9 × 3; but profit / equity is larger."""
    early, late = winner("early", 500, 500), winner("late", 100, 333)
    by_price = ranked([late, early], AdlRank.PRICE_TIMES_LEVERAGE, long_winners=True)
    assert [one.party for one in by_price] == ["early", "late"]
    # At 1,500 for every 1,000 the short that came early has entry / mark = 1.5, times 2; the other 1.1 times 3.003.
    shorts = ranked([late, early], AdlRank.PRICE_TIMES_LEVERAGE, long_winners=False)
    assert [one.party for one in shorts] == ["late", "early"]
    # With one leverage the short that has come further goes first.
    shorts = ranked([winner("a_late", 100, 500), early], AdlRank.PRICE_TIMES_LEVERAGE, long_winners=False)
    assert [one.party for one in shorts] == ["early", "a_late"]


ORDER = {rank: ["broke", "a", "z"] for rank in AdlRank} | {AdlRank.PRO_RATA: ["a", "broke", "z"]}


@pytest.mark.parametrize("rank", list(AdlRank))
@pytest.mark.parametrize("long_winners", [True, False])
def test_losers_and_the_flat_are_in_no_queue_and_ties_go_by_name(rank: AdlRank, long_winners: bool) -> None:
    pool = [winner("z", 5, 10), winner("a", 5, 10), winner("loser", 0, 10), Candidate("flat", 0, 5, 10, 0)]
    pool.append(winner("broke", 5, 0))
    assert [one.party for one in ranked(pool, rank, long_winners=long_winners)] == ORDER[rank]


def test_a_winner_that_entered_at_nothing_is_first() -> None:
    free = winner("free", 1_000, 10_000)
    queue = ranked([winner("other", 900, 1), free], AdlRank.PRICE_TIMES_LEVERAGE, long_winners=True)
    assert queue[0] is free


def test_the_price_is_the_rules() -> None:
    prices = {"mark_e6": 1, "previous_mark_e6": 2, "bankruptcy_e6": 3}
    found = [
        adl_price_e6(AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, price, False), **prices)
        for price in (AdlPrice.MARK, AdlPrice.PREVIOUS_MARK, AdlPrice.BANKRUPTCY)
    ]
    assert found == [1, 2, 3]
    assert [price.takes_the_loss for price in AdlPrice] == [True, True, False]


@pytest.mark.parametrize(
    ("lots", "terms", "closed"),
    [
        (3, NEEDED, (("a", 3),)),
        (7, NEEDED, (("a", 5), ("b", 2))),
        (99, NEEDED, (("a", 5), ("b", 10))),
        (3, PRO_RATA, (("a", 1), ("b", 2))),
        (7, PRO_RATA, (("a", 2), ("b", 5))),  # 2⅓ and 4⅔
        (1, PRO_RATA, (("b", 1),)),
        (99, PRO_RATA, (("a", 5), ("b", 10))),
    ],
)
def test_lots_are_closed_in_turn_or_by_the_same_share(
    lots: int, terms: AdlTerms, closed: tuple[tuple[str, int], ...]
) -> None:
    queue = [Candidate("a", 5, 9, 10, 50), Candidate("b", 10, 8, 100, 100)]
    assert close_lots(lots, queue, terms) == closed
    assert close_lots(lots, [], terms) == ()


def queue_of(holders: list[Candidate]) -> list[Candidate]:
    return ranked(holders, AdlRank.PROFIT_TIMES_LEVERAGE, long_winners=True)


# profit ÷ equity ranks; nobody without a profit or without lots is in the queue.
RANKS = """
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
    listed = candidates_of(RANKS)
    expected = [candidate for candidate, rank in listed if rank != "-"]
    assert queue_of([candidate for candidate, _ in listed][::turn]) == expected


def test_deleveraging_takes_all_that_is_there_and_no_more_and_jumps_over_nobody() -> None:
    reached: Counter[str] = Counter()
    small = st.integers(-20, 40)

    @settings(derandomize=True)
    @given(st.integers(1, 150), st.lists(st.tuples(st.integers(0, 40), small, small), max_size=6))
    def holds(lots: int, figures: list[tuple[int, int, int]]) -> None:
        holders = [Candidate(f"c{number}", *row, 1_000) for number, row in enumerate(figures)]
        queue = queue_of(holders)
        assert {one.party for one in queue} == {one.party for one in holders if one.lots > 0 and one.profit_units > 0}
        scores = [
            (one.equity_units <= 0, Fraction(one.profit_units, one.equity_units) if one.equity_units > 0 else 0)
            for one in queue
        ]
        assert scores == sorted(scores, reverse=True)
        taken = close_lots(lots, queue, NEEDED)
        assert sum(part for _, part in taken) == min(lots, sum(one.lots for one in queue))
        assert [party for party, _ in taken] == [one.party for one in queue][: len(taken)]
        assert all(part == one.lots for (_, part), one in zip(taken[:-1], queue, strict=False))
        assert all(1 <= part <= one.lots for (_, part), one in zip(taken, queue, strict=False))
        reached["several"] += len(taken) > 1
        reached["a rest"] += lots > sum(part for _, part in taken) > 0
        reached["the last in part"] += any(part < one.lots for (_, part), one in zip(taken, queue, strict=False))

    holds()
    assert min(reached[what] for what in ("several", "a rest", "the last in part")) >= 5
