"""What is asked beside the scenarios, term by term, in numbers by hand."""

from dataclasses import replace

import pytest

from margin.contingencies import collateral_contingencies, static_contingencies
from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Market
from margin.positions import Holdings, Option, naked_shorts
from tests.margin.holding import DAY_S, GENERAL, PLAIN, call, collateral, expiry, fixed, market, put

STATIC, WITH_COLLATERAL = PLAIN.other_contingency, GENERAL.other_contingency
SOME = (call(1500, -2), put(1500, 1), put(1400, -3), call(1600, 5), call(1500, -1, DAY_S))
"""Naked: 1 at 1500, 3 at 1400, and 1 of the other expiry. Gross: 11, and 1."""


def sure(**confidence: str) -> Market:
    return market(expiry(), expiry(seconds=DAY_S), **confidence)


@pytest.mark.parametrize(
    ("options", "naked"),
    [
        ((), "0"),
        ((call(1500, "2"),), "0"),
        ((call(1500, "-2"),), "2"),
        ((put(1500, "-2"),), "2"),
        ((call(1500, "-2"), put(1500, "0.5")), "1.5"),
        ((call(1500, "0.5"), put(1500, "-2")), "1.5"),
        ((call(1500, "2"), put(1500, "-0.5")), "0"),
        ((call(1500, "-2"), put(1500, "-1")), "3"),
        ((call(1500, "2"), put(1500, "1")), "0"),
        ((call(1500, "-2"), call(1600, "2")), "2"),  # another strike covers nothing
    ],
)
def test_naked_shorts_pair_call_and_put_of_one_strike(options: tuple[Option, ...], naked: str) -> None:
    assert naked_shorts(options) == fixed(naked)


# Held, and what the static part is: spot 1500, shares 3% of perpetuals, 2% of base, 1% of naked shorts.
@pytest.mark.parametrize(
    ("held", "static"),
    [
        (Holdings(), "0"),
        (Holdings(perp=fixed(2)), "90"),
        (Holdings(perp=fixed(-2)), "90"),
        (Holdings(base=fixed(2)), "60"),
        (Holdings(options=SOME), "75"),
        (Holdings(perp=fixed(-2), base=fixed(2), options=SOME), "225"),
    ],
)
def test_the_static_part_of_pmrm_is_inside_its_factor(held: Holdings, static: str) -> None:
    asked = static_contingencies(STATIC, sure(), held, fixed("1.3"))
    assert (asked.static, asked.confidence) == (fixed(static), 0)
    assert asked.maintenance == fixed(static)
    assert asked.maintenance + asked.initial == fixed("1.3") * fixed(static)


# Which confidence is 0.2, and on what exposure 0.8·0.5 is asked. With a perpetual its confidence counts everywhere.
@pytest.mark.parametrize(
    ("spot", "perp", "size", "exposed"),
    [
        ("0.2", "1", 0, 1500 * (2 + 12)),
        ("1", "0.2", 0, 0),
        ("1", "0.2", -3, 1500 * (3 + 2 + 12)),
        ("0.2", "1", -3, 1500 * (3 + 2 + 12)),
        ("0.6", "0.6", -3, 0),
    ],
)
def test_confidence_under_pmrm(spot: str, perp: str, size: int, exposed: int) -> None:
    held = Holdings(perp=fixed(size), base=fixed(2), options=SOME)
    asked = static_contingencies(STATIC, sure(spot_confidence=spot, perp_confidence=perp), held, ONE)
    assert asked.confidence == asked.initial == fixed("0.4") * exposed
    assert asked.static == asked.maintenance


@pytest.mark.parametrize("which", ["forward_confidence", "rate_confidence", "volatility_confidence"])
def test_confidence_in_one_expiry_is_asked_for_that_one(which: str) -> None:
    feed = market(expiry(), expiry(seconds=DAY_S, **{which: fixed("0.2")}))
    held = Holdings(perp=ONE, base=ONE, options=SOME)
    assert static_contingencies(STATIC, feed, held, ONE).confidence == fixed("0.4") * 1500
    feed = market(expiry(**{which: fixed("0.2")}), expiry(seconds=DAY_S))
    assert static_contingencies(STATIC, feed, held, ONE).confidence == fixed("0.4") * 1500 * 11
    plain = collateral_contingencies(WITH_COLLATERAL, sure(), replace(held, base=ZERO), [])
    doubted = collateral_contingencies(WITH_COLLATERAL, feed, replace(held, base=ZERO), [])
    assert doubted.initial - plain.initial == fixed("0.8") * 1500 * 11
    assert doubted.maintenance == plain.maintenance


def test_the_contingencies_of_pmrm_2() -> None:
    held = Holdings(perp=fixed(-2), options=SOME, collaterals=(collateral(), collateral()))
    asked = collateral_contingencies(WITH_COLLATERAL, sure(), held, [fixed(1000), fixed(500)])
    assert asked.maintenance == 3000 * fixed("0.015") + 5 * 1500 * fixed("0.003") + 1500 * fixed("0.04")
    assert asked.initial == 3000 * fixed("0.005") + 5 * 1500 * fixed("0.002") + 1500 * fixed("0.03")
    assert (asked.static, asked.confidence) == (0, 0)
    alone = collateral_contingencies(WITH_COLLATERAL, sure(), Holdings(), [])
    assert (alone.maintenance, alone.initial) == (0, 0)


@pytest.mark.parametrize(
    ("own", "spot", "perp", "more"),
    [
        ("0.2", "1", "1", "800"),  # 0.8·1·1000
        ("1", "0.2", "1", "3200"),  # and on the perpetual, 0.8·2·1500
        ("0.3", "0.2", "1", "3200"),
        ("0.2", "0.3", "1", "2900"),  # 800 + 0.7·3000
        ("1", "1", "0.2", "2400"),  # the perpetual's confidence is not the collateral's
        ("0.55", "0.55", "1", "0"),
    ],
)
def test_confidence_in_collateral(own: str, spot: str, perp: str, more: str) -> None:
    held = Holdings(perp=fixed(2), collaterals=(collateral(confidence=own),))
    feed = sure(spot_confidence=spot, perp_confidence=perp)
    sure_of = replace(held, collaterals=(collateral(),))
    certain = collateral_contingencies(WITH_COLLATERAL, sure(), sure_of, [fixed(1000)])
    doubted = collateral_contingencies(WITH_COLLATERAL, feed, held, [fixed(1000)])
    assert doubted.initial - certain.initial == fixed(more)
    assert doubted.maintenance == certain.maintenance


def test_the_threshold_is_strict() -> None:
    just = market(expiry(volatility_confidence=fixed("0.6")))
    below = market(expiry(volatility_confidence=fixed("0.6") - Fixed(1)))
    held = Holdings(options=(call(1500, 1),))
    assert static_contingencies(STATIC, just, held, ONE).confidence == 0
    assert static_contingencies(STATIC, below, held, ONE).confidence == (fixed("0.4") + Fixed(1)) * fixed("0.5") * 1500
