"""Perpetuals' margin on chain and in the engine: every number equal to the unit of 1e-18, every refusal to the word."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import cast

import pytest

from margin.case_schema import StandardCase, case_of
from margin.fixed import ZERO, Fixed, total
from margin.result import Margin
from margin.standard_parameters import Depeg, OracleContingency, PerpRequirement, StandardMarket
from settlement.node import ChainError
from settlement.signed_marks import FULL_CONFIDENCE_E6, Mark
from tests.contracts.perp_market import HEARTBEAT_S, STABLE, World, a_world
from tests.margin.answering import VECTORS, exactly
from tests.margin.test_margin_vectors import exact, is_within

ROUNDS = 250
E12, E15, E18 = 10**12, 10**15, 10**18
INT64, INT128 = 1 << 63, 1 << 127
LOT_SIZES = {1: E18, 2: E15, 3: 10, 4: 1, 5: (1 << 128) - 1, 6: 123_456_789_012_345_678}
SPOTS = {number: 100 + number for number in LOT_SIZES}
NEVER_MARKED = 777
ORDINARY = Depeg(Fixed.of("0.98"), Fixed.of("1.2"))


def share(random: Random, most: int = E18) -> Fixed:
    """Round or crooked, at times none or all; half of them on a confidence's step, to be met exactly."""
    crooked = random.choice((0, most, random.randrange(most + 1), random.randrange(most + 1)))
    return Fixed(crooked - crooked % E12 if random.random() < 0.5 else crooked)


def market(random: Random) -> StandardMarket:
    initial = share(random)
    maintenance = Fixed(random.randrange(initial.units + 1))
    oracle = OracleContingency(share(random), ZERO, ZERO, share(random))
    return StandardMarket(PerpRequirement(maintenance, initial), None, oracle, None)


def mark(random: Random, world: World, number: int) -> Mark:
    """Any price; a confidence that is often exactly at the perpetual's threshold or a step beside it."""
    price = random.choice((1, 2**64 - 1, random.randrange(1, 2**64), random.randrange(1, 10**11)))
    if number == STABLE:
        price = random.choice((1, 10**6, world.depeg.threshold.units // E12 + 1, random.randrange(1, 1_050_000)))
    _, terms = world.terms.get(number if number in LOT_SIZES else number - SPOTS[1] + 1, (0, None))
    near = terms.oracle_contingency.perp_threshold.units // E12 + random.choice((-1, 0, 0, 1)) if terms else 0
    confidence = random.choice(
        (FULL_CONFIDENCE_E6, FULL_CONFIDENCE_E6, near, near, random.randrange(FULL_CONFIDENCE_E6 + 1))
    )
    return Mark(number, price, min(max(confidence, 0), FULL_CONFIDENCE_E6))


def position(random: Random) -> int:
    """Lots: often none, dust, a desk's, huge, the very ends."""
    size = random.choice((0, 0, 1, 3, random.randrange(10**6), random.randrange(INT64), INT64 - 1))
    return -INT64 if random.random() < 0.03 else random.choice((-1, 1)) * size


def change(random: Random, world: World) -> None:
    """Other terms, other marks, some time: what both are told before they are asked."""
    for number in LOT_SIZES:
        if number not in world.named or random.random() < 0.15:
            spot = NEVER_MARKED if random.random() < 0.03 else SPOTS[number]
            world.set_terms(number, spot, market(random))
        elif random.random() < 0.02:
            world.refuse(number)
    if random.random() < 0.2:
        world.set_depeg(Depeg(share(random), share(random, 3 * E18)))
    everything = [*LOT_SIZES, *SPOTS.values(), STABLE]
    late = random.random() < 0.1
    if late:
        node = world.contracts.chain.node
        node.move_to(node.block_time() + HEARTBEAT_S + random.randrange(3))
    chosen = random.sample(everything, len(everything) - random.randrange(1, 4) if late else random.randrange(1, 9))
    world.publish({number: mark(random, world, number) for number in chosen})


def met(world: World, lots: Mapping[int, int], found: Margin, seen: Counter[str]) -> None:
    """Which sides of which branches an answer has met."""
    stable = world.said[STABLE].value
    seen["depeg" if stable < world.depeg.threshold else "no depeg"] += 1
    seen["initial met" if found.initial >= 0 else "initial not met"] += 1
    seen["maintenance met" if found.maintenance >= 0 else "maintenance not met"] += 1
    for number, held in lots.items():
        if not held:
            continue
        spot, terms = world.terms[number]
        sure = min(world.said[spot].confidence, world.said[number].confidence)
        threshold = terms.oracle_contingency.perp_threshold
        side = "off" if not threshold else "at" if sure == threshold else "below" if sure < threshold else "above"
        seen[f"confidence {side}"] += 1
        seen["spot less sure" if world.said[spot].confidence < world.said[number].confidence else "mark less sure"] += 1
        product = abs(held) * world.lot_sizes_e18[number] * world.said[number].value.units
        seen["cut" if product % E18 else "whole"] += 1
        seen["beyond 256 bits" if product >> 256 else "dust" if product < E18 else "ordinary"] += 1
        seen["long" if held > 0 else "short"] += 1


SIDES = (
    "depeg", "no depeg", "initial met", "initial not met", "maintenance met", "maintenance not met",
    "confidence off", "confidence at", "confidence below", "confidence above", "spot less sure", "mark less sure",
    "cut", "whole", "beyond 256 bits", "dust", "ordinary", "long", "short",
    "no value", "stale", "no parameters", "wrong head",
)  # fmt: skip


@pytest.mark.parametrize("seed", [2026])
def test_the_contract_and_the_engine_answer_alike(seed: int) -> None:
    random, seen = Random(seed), Counter[str]()
    with a_world(LOT_SIZES, ORDINARY) as world:
        for _ in range(ROUNDS):
            change(random, world)
            lots = {number: position(random) for number in LOT_SIZES if random.random() < 0.4}
            cash = Fixed(random.choice((0, random.randrange(-(10**24), 10**24), random.randrange(-INT128, INT128))))
            client = world.trade(lots)
            expected = world.engine(lots, cash)
            assert world.chain(client, cash) == expected
            if isinstance(expected, Margin):
                met(world, lots, expected, seen)
                at_the_edge(world, client, cash, expected)
            else:
                seen[next(words for words in ("no value", "stale", "no parameters") if wanted(words, expected))] += 1
            assert str(world.chain(client, cash, random.randbytes(32))).startswith("wrong head (expected ")
            seen["wrong head"] += 1
    assert not (missing := [side for side in SIDES if seen[side] < 5]), f"the control: {missing} of {seen}"


def wanted(words: str, told: str) -> bool:
    return words in told or (words == "stale" and " s old, " in told)


def at_the_edge(world: World, client: str, cash: Fixed, found: Margin) -> None:
    """The requirement is the rest of the worth; asked for it, the contract says no where a unit is missing."""
    asked = world.margin.requirement_of(client)
    assert cash + asked.value == found.mark_to_market
    assert found.mark_to_market - asked.initial == found.initial
    assert found.mark_to_market - asked.maintenance == found.maintenance
    head = world.contracts.head()[1]
    for is_initial, left in ((True, found.initial), (False, found.maintenance)):
        enough = cash - left
        if not -INT128 < enough.units < INT128:
            continue
        world.margin.require_margin(client, head, enough, is_initial=is_initial)
        with pytest.raises(ChainError, match=rf"below margin \(account {client}, isInitial {is_initial}, margin -1\)"):
            world.margin.require_margin(client, head, enough - Fixed(1), is_initial=is_initial)


def perps_alone(case: StandardCase) -> bool:
    held = case.holdings.values()
    return any(one.perp for one in held) and not any(one.options or one.base for one in held)


def test_derives_own_cases_of_perpetuals_alone_are_the_engines_answers_on_chain() -> None:
    if not VECTORS.exists():
        pytest.skip("the shared margin vectors are not beside this checkout")
    documents = [one for one in exactly(VECTORS.read_text())["cases"] if one["model"] == "SRM"]
    cases = [(one, case) for one in documents if perps_alone(case := cast(StandardCase, case_of(one)))]
    assert len(cases) >= 9, "the control: there are such cases"
    with a_world({1: E15, 2: E15}, cases[0][1].parameters.depeg) as world:
        for document, case in cases:
            answer = on_chain(world, case)
            assert answer == case.evaluate().margin, case.id
            assert isinstance(answer, Margin)
            for name, found in (("im", answer.initial), ("mm", answer.maintenance), ("mtm", answer.mark_to_market)):
                if name in document["expected"]:
                    assert is_within(document, name, exact(found), Fraction(document["expected"][name])), case.id


def on_chain(world: World, case: StandardCase) -> Margin | str:
    """The case's parameters, marks and positions on chain; what is unsettled comes with the cash."""
    world.set_depeg(case.parameters.depeg)
    marks, lots = {STABLE: units(STABLE, case.stable_price, Fixed.of(1))}, {}
    for number, (name, held) in enumerate(case.holdings.items(), 1):
        feed = case.feeds[name]
        world.set_terms(number, SPOTS[number], case.parameters.markets[name])
        marks[number] = units(number, feed.perp.price, feed.perp.confidence)
        marks[SPOTS[number]] = units(SPOTS[number], feed.spot.price, feed.spot.confidence)
        lots[number], rest = divmod(held.perp.units, world.lot_sizes_e18[number])
        assert not rest, "a whole number of lots"
    world.publish(marks)
    client = world.trade(lots)
    # The contract adds what positions are worth at their marks, so that here it is taken out.
    values = [held.perp * case.feeds[name].perp.price for name, held in case.holdings.items()]
    unsettled = [held.unsettled for held in case.holdings.values()]
    return world.chain(client, case.cash + total(unsettled) - total(values))


def units(number: int, price: Fixed, confidence: Fixed) -> Mark:
    assert (price.units % E12, confidence.units % E12) == (0, 0), "what a mark can say"
    return Mark(number, price.units // E12, confidence.units // E12)
