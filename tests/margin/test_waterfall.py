"""A loss is conserved to the unit: seniors are spent first, nobody gives what it has not, and what is left is named."""

import json
import pathlib
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.waterfall import Absorption, Layer, absorb, bankruptcy_price_e6, share_among_winners

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
amounts = st.integers(0, 10**15)


def paper(name: str) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """(inputs, expected) of a published case."""
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    case = next(case for case in json.loads(PAPERS.read_text())["vectors"] if case["id"] == name)
    return case["inputs"], case["expected"]


@pytest.mark.parametrize(
    ("loss", "drawn", "unabsorbed"),
    [
        (0, (0, 0, 0), 0),
        (30, (30, 0, 0), 0),
        (50, (50, 0, 0), 0),
        (51, (50, 0, 1), 0),  # an empty layer is passed over, and still listed
        (70, (50, 0, 20), 0),
        (71, (50, 0, 20), 1),
        (999, (50, 0, 20), 929),
    ],
)
def test_layers_are_drawn_in_turn(loss: int, drawn: tuple[int, ...], unabsorbed: int) -> None:
    layers = (Layer("fund", 50), Layer("guarantee", 0), Layer("venue", 20))
    names = ("fund", "guarantee", "venue")
    assert absorb(loss, layers) == Absorption(tuple(zip(names, drawn, strict=True)), unabsorbed)


def test_without_layers_all_is_left() -> None:
    assert absorb(5, ()) == Absorption((), 5)


@pytest.mark.parametrize(("loss", "available"), [(-1, 5), (1, -5), (-1, -5)])
def test_negative_figures_are_a_fault(loss: int, available: int) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        absorb(loss, (Layer("fund", available),))


def test_the_default_of_2018_at_nasdaq_clearing() -> None:
    inputs, expected = paper("nasdaq_clearing_2018")
    loss, junior, mutual = (
        round(inputs[key] * 10**6)
        for key in ("loss_beyond_defaulter_resources", "skin_in_the_game", "mutual_default_fund")
    )
    paid = absorb(loss, (Layer("skin", junior), Layer("mutual", mutual)))
    assert dict(paid.drawn) == {
        "skin": round(expected["sitg_used"] * 10**6),
        "mutual": round(expected["mutual_used"] * 10**6),
    }
    assert mutual - dict(paid.drawn)["mutual"] == round(expected["fund_remaining"] * 10**6)
    assert paid.unabsorbed_units == round(expected["uncovered"] * 10**6) == 0


def test_a_loss_is_conserved_and_no_junior_pays_before_a_senior_is_spent() -> None:
    reached: Counter[str] = Counter()

    @settings(derandomize=True)
    @given(st.integers(0, 3 * 10**15), st.lists(amounts, max_size=5))
    def holds(loss: int, available: list[int]) -> None:
        layers = [Layer(f"layer {number}", units) for number, units in enumerate(available)]
        paid = absorb(loss, layers)
        parts = [units for _, units in paid.drawn]
        assert sum(parts) + paid.unabsorbed_units == loss
        assert [payer for payer, _ in paid.drawn] == [layer.payer for layer in layers]
        for index, (part, most) in enumerate(zip(parts, available, strict=True)):
            assert 0 <= part <= most
            assert part == most or not any(parts[index + 1 :])
        assert paid.unabsorbed_units == 0 or parts == available
        reached["a second layer paid"] += any(parts[1:])
        reached["a loss was left"] += paid.unabsorbed_units > 0
        reached["a layer was left"] += parts != available

    holds()
    assert min(reached[what] for what in ("a second layer paid", "a loss was left", "a layer was left")) >= 5


# -- winners -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "borne"),
    [
        (0, {"maker": 0, "hedger": 0}),
        (4, {"maker": 3, "hedger": 1}),
        (5, {"maker": 4, "hedger": 1}),  # 3.75 and 1.25: the last unit goes to the larger remainder
        (79, {"maker": 59, "hedger": 20}),  # 59.25 and 19.75
        (80, {"maker": 60, "hedger": 20}),
        (81, {"maker": 60, "hedger": 20}),
    ],
)
def test_winners_share_pro_rata_and_losers_not_at_all(loss: int, borne: dict[str, int]) -> None:
    gains = {"maker": 60, "fund": -500, "flat": 0, "hedger": 20}
    assert share_among_winners(loss, gains) == borne


def test_where_nobody_gained_nobody_bears() -> None:
    assert share_among_winners(5, {"fund": -5, "flat": 0}) == {}
    assert share_among_winners(0, {}) == {}


@pytest.mark.parametrize("gains", [{}, {"maker": 5}])
def test_a_negative_loss_is_a_fault(gains: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        share_among_winners(-1, gains)


def test_the_order_in_which_winners_are_listed_changes_nothing() -> None:
    gains = {"a": 1, "b": 1, "c": 1}
    backwards = dict(reversed(gains.items()))
    assert share_among_winners(2, gains) == share_among_winners(2, backwards) == {"a": 1, "b": 1, "c": 0}


def test_the_published_pro_rata_case() -> None:
    inputs, expected = paper("adl_queue_vs_prorata")
    gains = {str(number): pnl * 10 for number, pnl in enumerate(inputs["pnl"])}
    borne = share_among_winners(inputs["shortfall"] * 10, gains)
    assert [borne[name] for name in gains] == [round(part * 10) for part in expected["prorata"]]


def test_what_winners_bear_is_the_loss_or_all_they_gained() -> None:
    reached: Counter[str] = Counter()
    names = st.sampled_from(["fund", "hedger", "house", "maker", "writer"])

    @settings(derandomize=True)
    @given(st.integers(0, 2 * 10**15), st.dictionaries(names, st.integers(-(10**15), 10**15)))
    def holds(loss: int, gains: dict[str, int]) -> None:
        borne = share_among_winners(loss, gains)
        total = sum(gain for gain in gains.values() if gain > 0)
        assert sum(borne.values()) == min(loss, total)
        assert borne.keys() == {party for party, gain in gains.items() if gain > 0}
        for party, part in borne.items():
            assert 0 <= part <= gains[party]
            assert abs(part - Fraction(min(loss, total) * gains[party], total)) < 1
        reached["shared in part"] += 0 < loss < total and len(borne) > 1
        reached["all gains gone"] += 0 < total < loss

    holds()
    assert min(reached["shared in part"], reached["all gains gone"]) >= 5


# -- bankruptcy price --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equity", "lots", "expected"),
    [
        (3_000 * 10**6, 1_000, 57_000 * 10**6),  # one coin long with $3,000 left is worth nothing $3,000 lower
        (3_000 * 10**6, -1_000, 63_000 * 10**6),
        (-3_000 * 10**6, 1_000, 63_000 * 10**6),  # under water already: the mark would have to come back
        (-3_000 * 10**6, -1_000, 57_000 * 10**6),
        (3_000 * 10**6, 2_000, 58_500 * 10**6),
        (0, 7, 60_000 * 10**6),
        (1, 3, 60_000 * 10**6 - 333),  # a third of a unit a lot is 333.33e-6 a coin: the account keeps the rest
        (1, -3, 60_000 * 10**6 + 333),
        (-1, 3, 60_000 * 10**6 + 334),
        (-1, -3, 60_000 * 10**6 - 334),
    ],
)
def test_at_its_bankruptcy_price_an_account_is_worth_nothing(equity: int, lots: int, expected: int) -> None:
    assert bankruptcy_price_e6(equity, lots, 60_000 * 10**6, lots_per_coin=1_000) == expected


def test_an_account_without_a_position_has_none() -> None:
    with pytest.raises(ValueError, match="without a position"):
        bankruptcy_price_e6(5, 0, 60_000 * 10**6, 1_000)


@given(
    st.integers(-(10**14), 10**14), st.integers(-(10**7), 10**7).filter(bool), st.integers(1, 10**12),
    st.integers(1, 10**5),
)  # fmt: skip
def test_what_is_left_is_less_than_a_price_unit_on_the_position_and_never_a_debt(
    equity: int, lots: int, mark_e6: int, lots_per_coin: int
) -> None:
    price_e6 = bankruptcy_price_e6(equity, lots, mark_e6, lots_per_coin)
    left = equity + Fraction(lots * (price_e6 - mark_e6), lots_per_coin)
    assert 0 <= left < Fraction(abs(lots), lots_per_coin)
