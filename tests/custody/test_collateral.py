"""Haircuts round against the client, and no sequence of movements lets the same coin back two venues."""

from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from custody.collateral import Eligible
from custody.coverage import Coverage
from custody.money import Asset, MoneyError

USDC, BTC = Eligible(Asset("USDC", 6, 6), 200), Eligible(Asset("BTC", 8, 8), 1_000)


@pytest.mark.parametrize(
    ("eligible", "units", "price_e6", "worth", "counts_for"),
    [
        (USDC, 1_000_000, 10**6, 1_000_000, 980_000),
        (USDC, 1, 10**6, 1, 0),
        (USDC, 51, 10**6, 51, 49),
        (USDC, 1_000_000, 999_000, 999_000, 979_020),
        (BTC, 10**8, 60_000 * 10**6, 60_000 * 10**6, 54_000 * 10**6),
        (BTC, 1, 60_000 * 10**6, 600, 540),
        (BTC, 1, 65_432_100_000, 654, 588),  # 654.321 and 588.8889: rounded once, not the rounded value cut again
        (BTC, 3, 1_100_000, 0, 0),
        (BTC, 0, 60_000 * 10**6, 0, 0),
        (BTC, 10**8, 0, 0, 0),
    ],
)
def test_value_before_and_after_the_haircut(
    eligible: Eligible, units: int, price_e6: int, worth: int, counts_for: int
) -> None:
    assert (eligible.worth_units(units, price_e6), eligible.collateral_units(units, price_e6)) == (worth, counts_for)


def test_the_haircut_is_taken_before_the_only_rounding() -> None:
    # 1.998 is worth 1, and nine tenths of 1 would be 0.
    assert BTC.collateral_units(333, 600_000) == 1


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"haircut_bps": 10_001}, "a haircut on BTC is from 0 to 10000 bps, not 10001"),
        ({"most_share_bps": -1}, "a share of BTC is from 0 to 10000 bps, not -1"),
        ({"most_units": -1}, "a limit on BTC is from 0 to 9223372036854775807 units, not -1"),
    ],
)
def test_terms_that_mean_nothing_are_not_made(wrong: dict[str, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(BTC, **wrong)


@pytest.mark.parametrize(
    ("eligible", "value", "units"),
    [
        (USDC, 980_000, 1_000_000),
        (USDC, 1, 2),
        (USDC, 0, 0),
        (BTC, 540, 1),
        (BTC, 541, 2),
        (BTC, 54_000 * 10**6, 10**8),
    ],
)
def test_the_fewest_units_for_a_value(eligible: Eligible, value: int, units: int) -> None:
    assert eligible.units_worth(value, 10**6 if eligible is USDC else 60_000 * 10**6) == units


@pytest.mark.parametrize(("haircut", "price"), [(10_000, 10**6), (200, 0)])
def test_no_number_of_units_is_worth_anything_where_none_counts(haircut: int, price: int) -> None:
    with pytest.raises(MoneyError):
        Eligible(USDC.asset, haircut).units_worth(1, price)


@given(st.integers(0, 10**15), st.integers(1, 10**12), st.integers(0, 9_999), st.integers(0, 9))
def test_units_and_value_invert_each_other_without_a_unit_to_spare(
    amount: int, price_e6: int, haircut_bps: int, scale: int
) -> None:
    eligible = Eligible(Asset("X", scale, 18), haircut_bps)
    exact = Fraction(amount * price_e6 * (10_000 - haircut_bps), 10**scale * 10_000)
    assert 0 <= exact - eligible.collateral_units(amount, price_e6) < 1
    assert eligible.collateral_units(amount, price_e6) <= eligible.worth_units(amount, price_e6)
    fewest = eligible.units_worth(amount, price_e6)
    assert eligible.collateral_units(fewest, price_e6) >= amount
    assert amount == 0 or eligible.collateral_units(fewest - 1, price_e6) < amount


# -- double delegation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eligible", "available", "delegated", "more"),
    [
        (USDC, 1_000, 0, 980),
        (USDC, 20, 980, 0),
        (USDC, 500, 500, 480),
        (USDC, 0, 1_000, 0),
        (USDC, 0, 0, 0),
        (USDC, 5, 995, 0),  # coins that went out since: over the bound, but never less than nothing
        (USDC, 49, 0, 48),  # 48.02
        (USDC, 1, 0, 0),  # 0.98
        (BTC, 7, 100, 0),  # 96.3
        (BTC, 20, 100, 8),
        (Eligible(USDC.asset, 0), 7, 100, 7),  # without a haircut all that is available
        (Eligible(USDC.asset, 10_000), 1_000, 0, 0),
    ],
)
def test_how_much_more_may_be_delegated(eligible: Eligible, available: int, delegated: int, more: int) -> None:
    assert Coverage(available, delegated, eligible.haircut_bps).delegable_units == more


@given(st.integers(0, 10_000), st.integers(0, 10**15), st.integers(0, 10**15))
def test_the_bound_is_reached_to_the_unit(haircut_bps: int, available: int, delegated: int) -> None:
    more = Coverage(available, delegated, haircut_bps).delegable_units
    holding = Fraction((available + delegated) * (10_000 - haircut_bps), 10_000)
    assert 0 <= more <= available
    assert more == 0 or delegated + more <= holding
    assert more == available or delegated + more + 1 > holding


class Delegations(RuleBasedStateMachine):
    """One client, one asset, three venues: whatever is asked, only what is delegable is delegated."""

    seen: ClassVar[dict[str, int]] = {}

    @initialize(haircut_bps=st.sampled_from([0, 1, 200, 1_000, 9_999]))
    def begin(self, haircut_bps: int) -> None:
        self.eligible = Eligible(BTC.asset, haircut_bps)
        self.available = self.deposited = 0
        self.delegated = [0, 0, 0]
        self.may = 0

    def note(self, word: str) -> None:
        self.seen[word] = self.seen.get(word, 0) + 1

    @rule(units=st.integers(1, 10_000))
    def deposit(self, units: int) -> None:
        self.available += units
        self.deposited += units

    @rule(venue=st.integers(0, 2), units=st.integers(1, 12_000))
    def delegate(self, venue: int, units: int) -> None:
        most = Coverage(self.available, sum(self.delegated), self.eligible.haircut_bps).delegable_units
        if units > most:
            self.note("refused")
            units = most
        self.available -= units
        self.delegated[venue] += units
        if units:
            self.note("delegated")
            # The guard of the specification, at the moment at which it guards.
            assert sum(self.delegated) * 10_000 <= (10_000 - self.eligible.haircut_bps) * self.deposited

    @precondition(lambda self: any(self.delegated))
    @rule(source=st.data(), share=st.integers(1, 4))
    def recall(self, source: st.DataObject, share: int) -> None:
        venue = source.draw(st.sampled_from([venue for venue, units in enumerate(self.delegated) if units]))
        units = max(self.delegated[venue] // share, 1)
        self.delegated[venue] -= units
        self.available += units
        self.note("recalled")

    @rule(share=st.integers(1, 4))
    def withdraw(self, share: int) -> None:
        units = self.available // share
        self.available -= units
        self.deposited -= units

    @invariant()
    def no_coin_stands_twice(self) -> None:
        assert self.available >= 0
        assert self.available + sum(self.delegated) == self.deposited


def test_no_sequence_delegates_a_coin_twice() -> None:
    Delegations.seen.clear()
    run_state_machine_as_test(
        Delegations, settings=settings(max_examples=60, stateful_step_count=25, deadline=None, derandomize=True)
    )
    assert min(Delegations.seen.get(word, 0) for word in ("refused", "delegated", "recalled")) >= 20
