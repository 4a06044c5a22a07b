"""Clearing: the greatest vector, exactly, of all that there are; and paid in whole units that stay even."""

import json
import pathlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from margin.clearing import BPS, FREE, Clearing, Debts, DefaultCosts, clear
from margin.exact_solving import solve

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
MILLION = 10**6


def paper(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(inputs, expected) of a published case."""
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    case = next(case for case in json.loads(PAPERS.read_text())["vectors"] if case["id"] == name)
    return case["inputs"], case["expected"]


def test_a_ring_of_three_banks_as_another_open_program_has_it() -> None:
    inputs, expected = paper("en_three_bank_cycle")
    banks = ["A", "B", "C"]
    owed = {
        bank: {other: round(units * MILLION) for other, units in zip(banks, row, strict=True) if units}
        | {"outside": outside * MILLION}
        for bank, row, outside in zip(banks, inputs["L_interbank"], inputs["external_liabilities"], strict=True)
    }
    assets = {
        bank: (units - shock) * MILLION
        for bank, units, shock in zip(banks, inputs["external_assets"], inputs["shock"], strict=True)
    }
    debts = Debts({**assets, "outside": 0}, owed)
    found = clear(debts)
    assert [found.paid(bank) for bank in banks] == [round(units * MILLION) for units in expected["payments"]]
    assert found.recoveries["A"] == Fraction(17, 19)
    assert float(found.recoveries["A"]) == pytest.approx(expected["recovery_A"], abs=1e-9)
    assert found.rounds == (("A",),)
    # What each is worth if it owed all that it promised: below zero for the bank in default.
    worth = [found.left[bank] - (debts.total(bank) - found.paid(bank)) for bank in banks]
    assert [units / MILLION for units in worth] == pytest.approx(expected["equity_signed"], abs=1e-6)


def test_a_circle_in_which_one_round_of_defaults_makes_the_next() -> None:
    """Rogers and Veraart, section 5.1; their numbers times 3·10^12, so that nothing has to be rounded."""
    inputs, expected = paper("rv_circular_5_1")
    scale, size = 3 * 10**12, inputs["n"]
    names = [f"{number}" for number in range(1, size + 1)]
    assets, owed = {}, {}
    for number, name in enumerate(names, start=1):
        is_odd, following = number % 2, names[number % size]
        assets[name] = round(inputs["e_odd" if is_odd else "e_even"] * scale)
        owed[name] = {following: round(inputs["L_odd_next" if is_odd else "L_even_next"] * scale)}
    costs = DefaultCosts(round(inputs["alpha"] * BPS), round(inputs["beta"] * BPS))
    found = clear(Debts(assets, owed), costs)
    odd, even = names[::2], names[1::2]
    assert found.rounds == (tuple(even), tuple(odd))
    for group, key in ((odd, "clearing_odd"), (even, "clearing_even")):
        for name in group:
            assert found.paid(name) / scale == pytest.approx(expected[key], abs=1e-9)
    assert found.paid("1") == scale * 4 // 15
    assert sum(found.left.values()) + sum(found.lost.values()) == sum(assets.values())


def test_creditors_of_a_failed_exchange_share_what_is_found() -> None:
    inputs, expected = paper("ftx_petition_date_recovery")
    owned, claims = round(inputs["assets"] * 10**9), round(inputs["claims"] * 10**9)
    found = clear(Debts({"exchange": owned, "customers": 0}, {"exchange": {"customers": claims}}))
    assert claims - found.paid("exchange") == round(expected["shortfall"] * 10**9)
    assert float(found.recoveries["exchange"]) == pytest.approx(expected["pooled_recovery_rate"], abs=1e-6)


# -- ends of the range -------------------------------------------------------------------------------------------------

RINGS = """
a  b  a_owes b_owes costs a_pays b_pays rounds why
0  0  10     10     free  10     10     0      a_ring_without_assets_pays_all_it_could_pay
0  0  10     5      free  5      5      1      one_way_through_it_is_short
0  0  10     10     half  10     10     0      nobody_is_short_so_nothing_is_destroyed
5  0  10     5      half  10     5      0      just_enough
4  0  10     5      half  2      1      2      one_unit_less_brings_both_down
4  9  10     5      half  4      5      1      the_other_stands
4  0  0      5      free  0      0      1      owes_nothing
9  0  10     0      free  9      0      1      pays_what_it_has
9  0  10     0      all   0      0      1      and_nothing_where_a_default_destroys_all
"""
COSTS = {"free": FREE, "half": DefaultCosts(5_000, 5_000), "all": DefaultCosts(0, 0)}


@pytest.mark.parametrize("row", RINGS.strip().splitlines()[1:], ids=lambda row: row.split()[-1])
def test_two_that_owe_each_other(row: str) -> None:
    *numbers, a_pays, b_pays, rounds, _ = row.split()
    a, b, a_owes, b_owes = map(int, numbers[:4])
    debts = Debts({"a": a, "b": b}, {"a": {"b": a_owes}, "b": {"a": b_owes}})
    found = clear(debts, COSTS[numbers[4]])
    exact = [debts.total(name) * found.recoveries[name] for name in "ab"]
    assert all(abs(found.paid(name) - part) < 1 for name, part in zip("ab", exact, strict=True))
    assert (len(found.rounds), found.paid("a"), found.paid("b")) == (int(rounds), int(a_pays), int(b_pays))


def test_a_leak_of_one_unit_a_round_is_found_at_once() -> None:
    """Going down unit by unit would take a thousand million million rounds."""
    huge = 10**15
    debts = Debts({"a": 0, "b": 0, "c": 0}, {"a": {"b": huge, "c": 1}, "b": {"a": huge}})
    found = clear(debts)
    assert (found.paid("a"), found.paid("b"), found.rounds) == (0, 0, (("a",), ("b",)))


@pytest.mark.parametrize(
    ("assets", "owed", "why"),
    [
        ({"a": -1, "b": 0}, {"a": {"b": 1}}, "non-negative"),
        ({"a": 1, "b": 0}, {"a": {"b": -1}}, "non-negative"),
        ({"a": 1}, {"a": {"b": 1}}, "names with assets"),
        ({"b": 1}, {"a": {"b": 1}}, "names with assets"),
        ({"a": 1}, {"a": {"a": 1}}, "not its own"),
    ],
)
def test_debts_that_make_no_sense_are_a_fault(
    assets: dict[str, int], owed: dict[str, dict[str, int]], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Debts(assets, owed)


@pytest.mark.parametrize("shares", [(-1, 0), (0, -1), (10_001, 0), (0, 10_001)])
def test_shares_outside_of_one_are_a_fault(shares: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="basis points"):
        DefaultCosts(*shares)


# -- properties --------------------------------------------------------------------------------------------------------

NAMES = "abcd"
amounts = st.one_of(st.integers(0, 12), st.integers(0, 10**13))
assets = st.one_of(st.integers(0, 3), st.integers(0, 10**12))
shares = st.one_of(st.just(FREE), st.builds(DefaultCosts, st.integers(0, BPS), st.integers(0, BPS)))


@st.composite
def networks(draw: st.DrawFn) -> Debts:
    names = NAMES[: draw(st.integers(1, 4))]
    owed = {name: {other: units for other in names if other != name and (units := draw(amounts))} for name in names}
    return Debts({name: draw(assets) for name in names}, owed)


def all_vectors(debts: Debts, costs: DefaultCosts) -> Iterator[dict[str, Fraction]]:
    """Every clearing vector with its own set of defaults, by trying all sets: what `clear` never does."""
    names = list(debts.assets)
    for size in range(len(names) + 1):
        for defaulted in combinations(names, size):
            whole = [name for name in names if name not in defaulted]
            matrix = [
                [BPS * debts.total(name) if name == one else -costs.received_bps * debts.of(one, name)
                 for one in defaulted]
                for name in defaulted
            ]  # fmt: skip
            right = [
                costs.assets_bps * debts.assets[name] + costs.received_bps * sum(debts.of(one, name) for one in whole)
                for name in defaulted
            ]
            with suppress(ZeroDivisionError):
                vector = dict.fromkeys(names, Fraction(1)) | dict(zip(defaulted, solve(matrix, right), strict=True))
                if is_clearing(debts, vector, defaulted):
                    yield vector


def is_clearing(debts: Debts, vector: Mapping[str, Fraction], defaulted: Sequence[str]) -> bool:
    """Whether exactly these cannot pay in full when all pay these shares."""
    for name, assets in debts.assets.items():
        has = assets + sum((debts.of(one, name) * vector[one] for one in debts.owed), Fraction(0))
        if (name in defaulted) != (debts.total(name) > has):
            return False
    return min(vector.values()) >= 0


def check(debts: Debts, costs: DefaultCosts, found: Clearing) -> None:
    for name, assets in debts.assets.items():
        exact = sum((debts.of(one, name) * found.recoveries[one] for one in debts.owed), Fraction(0))
        owes, is_in_default = debts.total(name), name in found.defaulted
        assert is_in_default == (owes > assets + exact)
        remains = Fraction(costs.assets_bps * assets + costs.received_bps * exact) / BPS
        assert owes * found.recoveries[name] == (remains if is_in_default else owes)
        came = sum(units for (_, creditor), units in found.payments.items() if creditor == name)
        # To the unit: what a name has is what it pays, keeps and loses; in default it keeps nothing.
        assert assets + came == found.paid(name) + found.left[name] + found.lost[name]
        assert min(found.left[name], found.lost[name]) >= 0
        assert found.left[name] == 0 if is_in_default else found.paid(name) == owes
        if costs == FREE:
            assert found.lost[name] == 0
    for (debtor, creditor), units in found.payments.items():
        exact = debts.of(debtor, creditor) * found.recoveries[debtor]
        assert abs(units - exact) < 1
        assert units <= debts.of(debtor, creditor)


def test_it_is_a_clearing_vector_the_greatest_and_whole() -> None:
    reached: Counter[str] = Counter()

    @settings(derandomize=True, max_examples=300, deadline=None)
    @given(networks(), shares)
    @example(Debts({"a": 5, "b": 0}, {"a": {"b": 10}, "b": {"a": 5}}), DefaultCosts(5_000, 5_000))
    def holds(debts: Debts, costs: DefaultCosts) -> None:
        found = clear(debts, costs)
        check(debts, costs, found)
        vectors = list(all_vectors(debts, costs))
        assert found.recoveries in vectors
        assert all(found.recoveries[name] >= other[name] for other in vectors for name in other)
        reached["several vectors"] += len(vectors) > 1
        reached[f"{len(found.rounds)} rounds"] += 1
        reached["costs"] += costs != FREE
        exact = (debts.of(*pair) * found.recoveries[pair[0]] for pair in found.payments)
        reached["rounded"] += any(part.denominator != 1 for part in exact)

    holds()
    seen = {key: reached[key] for key in ("0 rounds", "1 rounds", "2 rounds", "3 rounds", "costs", "rounded")}
    assert min(seen.values()) > 5, reached
    assert reached["several vectors"], reached


def test_more_assets_or_cheaper_defaults_never_lower_anybodys_recovery() -> None:
    helped: Counter[bool] = Counter()

    @settings(derandomize=True, max_examples=150, deadline=None)
    @given(networks(), shares, st.integers(0, 4), amounts)
    def holds(debts: Debts, costs: DefaultCosts, lucky: int, more: int) -> None:
        name = list(debts.assets)[lucky % len(debts.assets)]
        richer = Debts({**debts.assets, name: debts.assets[name] + more}, debts.owed)
        before = clear(debts, costs).recoveries
        for after in (clear(richer, costs).recoveries, clear(debts).recoveries):
            assert all(after[one] >= before[one] for one in before)
            helped[after != before] += 1

    holds()
    assert min(helped.values()) > 20
