"""The margin contract behind its own types: what it is set to, what it refuses to be set to, and in which words."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from margin.fixed import ONE, ZERO, Fixed
from margin.parameter_file import read_parameters
from margin.parameter_limits import LIMITS
from margin.result import Margin
from margin.standard_parameters import Depeg, MissingParameterError, OracleContingency, PerpRequirement, StandardMarket
from settlement.node import ChainError
from settlement.signed_marks import Mark
from tests.contracts.perp_market import STABLE, World, a_world

LOT_E18 = 10**15
SPOT = 100
UNIT = Fixed(1)
DEPEG = Depeg(Fixed.of("0.98"), Fixed.of("1.2"))
ORACLE = OracleContingency(Fixed.of("0.4"), ZERO, ZERO, Fixed.of("0.4"))
MARKET = StandardMarket(PerpRequirement(Fixed.of("0.05"), Fixed.of("0.065")), None, ORACLE, None)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world({1: LOT_E18}, DEPEG) as there:
        yield there


def test_a_position_its_requirement_and_what_is_left(world: World) -> None:
    """Derive's srm_cases/Test17: one coin at 1,505 that has lost 20."""
    world.set_terms(1, SPOT, MARKET)
    world.publish({1: Mark(1, 1_505 * 10**6), SPOT: Mark(SPOT, 1_500 * 10**6), STABLE: Mark(STABLE, 10**6)})
    client, cash = world.trade({1: 1_000}), Fixed.of("-1525")
    asked = world.margin.requirement_of(client)
    assert (asked.value, asked.initial, asked.maintenance) == (1505, Fixed.of("97.825"), Fixed.of("75.25"))
    left = world.margin.margin_of(client, world.contracts.head()[1], cash)
    assert (left.mark_to_market, left.initial, left.maintenance) == (-20, Fixed.of("-117.825"), Fixed.of("-95.25"))
    assert left == world.engine({1: 1_000}, cash)


def test_what_is_missing_is_said_in_a_sentence(world: World) -> None:
    world.set_terms(1, SPOT, MARKET)
    world.publish({1: Mark(1, 10**6), SPOT: Mark(SPOT, 10**6), STABLE: Mark(STABLE, 10**6)})
    client, head = world.trade({1: -1_000}), world.contracts.head()[1]
    world.margin.require_margin(client, head, Fixed.of("1.05"), is_initial=False)
    told = r"requireMargin: below margin \(account 0x\w{40}, isInitial True, margin -15000000000000000\)"
    with pytest.raises(ChainError, match=told):
        world.margin.require_margin(client, head, Fixed.of("1.05"), is_initial=True)


def test_terms_of_a_refused_instrument_are_gone_until_there_are_new_ones(world: World) -> None:
    world.publish({1: Mark(1, 10**6), SPOT: Mark(SPOT, 10**6), STABLE: Mark(STABLE, 10**6)})
    client = world.trade({1: 1})
    assert world.margin.requirement_of(client).value == 0, "an instrument that nobody has named is not seen"
    world.refuse(1)
    assert world.chain(client, ZERO) == world.engine({1: 1}, ZERO) == "no parameters of 1"
    world.set_terms(1, SPOT, MARKET)
    assert world.chain(client, ZERO) == world.engine({1: 1}, ZERO)


def test_a_market_without_perpetuals_has_no_terms_to_set(world: World) -> None:
    with pytest.raises(MissingParameterError, match="no perp parameters for instrument 1"):
        world.margin.set_terms(1, SPOT, replace(MARKET, perp=None))


@pytest.mark.parametrize("name", ["perp_threshold", "oc_factor", "threshold", "depeg_factor"])
def test_the_chain_has_the_limits_of_parameter_files(world: World, name: str) -> None:
    most = LIMITS[name][1]
    set_to(world, name, most)
    told = rf"fraction too large \(mostE18 {most.units}, givenE18 {most.units + 1}\)"
    with pytest.raises(ChainError, match=told):
        set_to(world, name, most + UNIT)


def set_to(world: World, name: str, value: Fixed) -> None:
    if name in ("threshold", "depeg_factor"):
        world.set_depeg(replace(DEPEG, **{name: value}))
    else:
        world.set_terms(1, SPOT, replace(MARKET, oracle_contingency=replace(ORACLE, **{name: value})))


def test_a_perpetual_takes_at_most_its_notional_and_maintenance_no_more_than_initial(world: World) -> None:
    world.set_terms(1, SPOT, replace(MARKET, perp=PerpRequirement(ONE, ONE)))
    with pytest.raises(ChainError, match="fraction too large"):
        world.set_terms(1, SPOT, replace(MARKET, perp=PerpRequirement(ONE, ONE + UNIT)))
    with pytest.raises(ChainError, match=r"maintenance above initial \(initialE18 1, maintenanceE18 2\)"):
        world.set_terms(1, SPOT, replace(MARKET, perp=PerpRequirement(Fixed(2), Fixed(1))))
    with pytest.raises(ChainError, match=r"instrument not listed \(instrument 2\)"):
        world.set_terms(2, SPOT, MARKET)


def test_who_has_no_position_has_its_cash(world: World) -> None:
    world.publish({STABLE: Mark(STABLE, 10**6)})
    cash = Fixed.of("-7.5")
    assert world.chain(world.trade({}), cash) == world.engine({}, cash) == Margin(cash, cash, cash)


@pytest.mark.parametrize("name", ["mainnet", "tests"])
def test_the_chain_takes_the_terms_of_every_perpetual_that_ships(world: World, name: str) -> None:
    shipped = read_parameters(name).srm
    assert shipped is not None
    world.set_depeg(shipped.depeg)
    perpetuals = [market for market in shipped.markets.values() if market.perp is not None]
    assert len(perpetuals) >= 2
    for market in perpetuals:
        world.set_terms(1, SPOT, market)
