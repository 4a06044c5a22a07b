"""A client's default in a pool: every unit of its loss has a payer and a creditor, and the books take it as it is."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.accounts import Account, Chart, Totals
from custody.ledger import apply
from custody.state import LedgerState
from custody.transfers import Reason, Transfer
from margin.insolvency.distribution import Cause, Distribution, Unpaid, as_transfers
from margin.insolvency.pooled_client_default import PooledClientDefault, pooled_client_default

CHART, VENUE, DEFAULTER = Chart("USDC"), "north", "fund"
WINNERS = ("hedger", "maker", "writer")
CLIENTS = (DEFAULTER, *WINNERS)
AT_S, LATER_S = 1_000, 1_060
OMNIBUS, POOL = CHART.omnibus(VENUE), CHART.pool(VENUE)
INSURANCE, CAPITAL, RESERVE = CHART.insurance(VENUE), CHART.venue_collateral(VENUE), CHART.available(DEFAULTER)


def claim(client: str) -> Account:
    return CHART.claim(client, VENUE)


def facts(
    owed: Mapping[str, int],
    claims: Mapping[str, int],
    layers: tuple[int, int, int] = (0, 0, 0),
    adl: Mapping[str, int] | None = None,
    missing: int = 0,
) -> PooledClientDefault:
    """`layers`: what the defaulter tops up, the fund, the skin. `missing`: of the omnibus."""
    found = sum(claims.values()) - missing
    return PooledClientDefault(DEFAULTER, VENUE, AT_S, LATER_S - AT_S, owed, claims, *layers, adl or {}, found)


def posted(told: PooledClientDefault, found: Distribution) -> dict[str, int]:
    """Balances after the payments, by the ledger's own rules; the omnibus is booked in full, whatever is found."""
    vault, booked = CHART.vault(), sum(told.claim_units.values())
    brought = [
        (vault, OMNIBUS, booked), (vault, INSURANCE, told.fund_units), (vault, CAPITAL, told.capital_units),
        (vault, RESERVE, told.top_up_units),
        *((POOL, claim(client), units) for client, units in told.claim_units.items()),
    ]  # fmt: skip
    named = {vault, OMNIBUS, POOL, INSURANCE, CAPITAL, *map(claim, CLIENTS), *map(CHART.available, CLIENTS)}
    state = LedgerState({one.id: one for one in named}, {one.id: Totals() for one in named})
    opening = [
        Transfer(f"opening/{number}", payer.id, payee.id, units, Reason.DEPOSIT)
        for number, (payer, payee, units) in enumerate(brought)
        if units
    ]
    for chain in (opening, *as_transfers(found.payments, "drill")):
        assert all(outcome.ok for outcome in apply(state, chain, AT_S))
    return {name: totals.balance for name, totals in state.totals.items() if totals.balance}


def test_a_clients_default_in_a_pool_account_by_account() -> None:
    """160 are owed: 100 from its claim, 10 from a top-up, 5 and 4 stand in, maker gives up 20, and 21 are shared."""
    owed, claims = {"writer": 60, "maker": 100}, {"fund": 100, "maker": 50, "writer": 9}
    told = facts(owed, claims, (10, 5, 4), {"maker": 20})
    found = pooled_client_default(CHART, told)
    assert [(one.at_s, one.payer.id[5:], one.payee.id[5:], one.units) for one in found.payments] == [
        (AT_S, "client/fund/available", "venue/north/omnibus", 10),
        (AT_S, "venue/north/pool", "client/fund/claim/north", 10),
        (AT_S, "insurance/north", "venue/north/omnibus", 5),
        (AT_S, "venue/north/collateral", "venue/north/omnibus", 4),
        (AT_S, "client/fund/claim/north", "venue/north/pool", 110),
        # 21 shared by gains of 80 and 60: 12 and 9
        (AT_S, "venue/north/pool", "client/maker/claim/north", 68),
        (AT_S, "venue/north/pool", "client/writer/claim/north", 51),
    ]
    assert found.unpaid == (
        Unpaid("fund", "insurance/north", 5, Cause.STOOD_IN),
        Unpaid("fund", "north", 4, Cause.STOOD_IN),
        Unpaid("fund", "north", 20, Cause.ADL),
        Unpaid("fund", "maker", 12, Cause.SOCIALISED),
        Unpaid("fund", "writer", 9, Cause.SOCIALISED),
        Unpaid("north", "maker", 20, Cause.ADL),
    )
    assert posted(told, found)[claim("maker").id] == 118


@pytest.mark.parametrize(
    ("own", "layers", "adl", "taken", "cut"),
    [
        (100, (50, 50, 50), {"maker": 90}, (100, 0, 0, 0), {}),
        (60, (50, 50, 50), {"maker": 90}, (100, 40, 0, 0), {}),
        (60, (30, 50, 50), {"maker": 90}, (90, 30, 10, 0), {}),
        (60, (10, 20, 50), {"maker": 90}, (70, 10, 20, 10), {}),
        (60, (10, 20, 6), {"maker": 90}, (70, 10, 20, 6), {"maker": 4}),
        (60, (10, 20, 6), {"writer": 1, "maker": 2}, (70, 10, 20, 6), {"writer": 1, "maker": 2 + 1}),
        (0, (0, 0, 0), {"hedger": 5}, (0, 0, 0, 0), {"maker": 70, "writer": 30}),  # who has no gain gives none up
    ],
)
def test_each_layer_is_drawn_when_the_one_before_it_is_gone(
    own: int,
    layers: tuple[int, int, int],
    adl: dict[str, int],
    taken: tuple[int, int, int, int],
    cut: dict[str, int],
) -> None:
    owed = {"maker": 70, "writer": 30}
    found = pooled_client_default(CHART, facts(owed, {"fund": own, "hedger": 7}, layers, adl))
    payers = (claim(DEFAULTER), RESERVE, INSURANCE, CAPITAL)
    assert tuple(found.taken_units(payer) for payer in payers) == taken
    lacking = {name: units - found.paid_units(claim(name)) for name, units in owed.items()}
    assert {name: units for name, units in lacking.items() if units} == cut
    assert found.paid_units(claim("hedger")) == 0


@pytest.mark.parametrize(
    ("missing", "received", "the_venue_owes"),
    [
        # maker is to have 160, its claim and its gain; there are 150 less what is missing, 5 and 3.
        (1, 157, 3),
        (40, 118, 42),
        (70, 88, 72),
    ],
)
def test_where_the_omnibus_is_not_all_there_the_venue_fails_too(
    missing: int, received: int, the_venue_owes: int
) -> None:
    told = facts({"maker": 60}, {"fund": 50, "maker": 100}, (0, 5, 3), {"maker": 0}, missing)
    found = pooled_client_default(CHART, told)
    assert found.paid_units(CHART.available("maker")) == received
    assert {(one.debtor, one.creditor): one.units for one in found.unpaid} == {
        ("north", "maker"): the_venue_owes,
        ("fund", "north"): 10,
    }
    assert claim("maker").id not in posted(told, found)


def test_facts_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="fund cannot be its own creditor"):
        pooled_client_default(CHART, facts({"fund": 1}, {}))
    wrong = (
        facts({"maker": -1}, {}), facts({}, {"maker": -1}), facts({}, {}, missing=1), facts({}, {}, (-1, 0, 0)),
        facts({}, {}, (0, -1, 0)), facts({}, {}, (0, 0, -1)), facts({}, {}, adl={"maker": -1}),
    )  # fmt: skip
    for told in wrong:
        with pytest.raises(ValueError, match="non-negative"):
            pooled_client_default(CHART, told)


units = st.integers(0, 1_000) | st.integers(0, 10**15)
winners = st.dictionaries(st.sampled_from(WINNERS), st.tuples(units, units, units))


@given(winners, units, st.tuples(units, units, units), st.sampled_from([0, 0, 1, 10, 50, 100]))
def test_every_unit_of_the_loss_has_a_payer_and_a_creditor(
    drawn: dict[str, tuple[int, int, int]], own: int, layers: tuple[int, int, int], percent_missing: int
) -> None:
    owed = {name: gain for name, (gain, _, _) in drawn.items()}
    claims = {DEFAULTER: own} | {name: have for name, (_, have, _) in drawn.items()}
    adl = {name: most for name, (_, _, most) in drawn.items()}
    missing = sum(claims.values()) * percent_missing // 100
    told = facts(owed, claims, layers, adl, missing)
    found = pooled_client_default(CHART, told)
    after = posted(told, found)
    loss, margin = sum(owed.values()), own + layers[0]
    assert sum(after.values()) == 0
    assert sum(one.units for one in found.unpaid if one.debtor == DEFAULTER) == max(loss - margin, 0)
    owed_to: dict[str, int] = dict.fromkeys(drawn, 0)
    for one in found.unpaid:
        if one.creditor in drawn:
            owed_to[one.creditor] += one.units
    for name, (gain, have, most) in drawn.items():
        stands = after.get(claim(name).id, 0) + after.get(CHART.available(name).id, 0)
        assert stands + owed_to[name] == have + gain
        forgone = sum(one.units for one in found.unpaid if (one.creditor, one.cause) == (name, Cause.ADL))
        assert forgone <= min(most, gain)
        # Nobody's claim is touched for another's loss as long as the omnibus is all there.
        assert stands >= have or missing
    taken = [found.taken_units(payer) for payer in (RESERVE, INSURANCE, CAPITAL)]
    if not missing:
        cut = sum(owed_to.values())
        assert found.taken_units(claim(DEFAULTER)) + sum(taken[1:]) + cut == loss
        assert (
            after.get(OMNIBUS.id, 0) == -after.get(POOL.id, 0) == sum(after.get(claim(name).id, 0) for name in CLIENTS)
        )
    else:  # all that is there is paid out, up to what it is all worth
        home = sum(found.paid_units(CHART.available(name)) for name in CLIENTS)
        forgone = sum(one.units for one in found.unpaid if one.cause is Cause.ADL)
        worth = sum(claims.values()) + taken[0] - min(loss, margin) + loss - forgone
        assert home == min(told.omnibus_units + sum(taken), worth)
    # Seniority: the defaulter before the fund, the fund before the venue, the venue before the winners.
    for junior in range(1, 3):
        assert not taken[junior] or missing or taken[junior - 1] == layers[junior - 1]
    assert not sum(owed_to.values()) or taken[1:] == list(layers[1:])


def test_control_the_property_meets_every_layer() -> None:
    """One example in which each of the causes is there, and one in which principal is cut."""
    told = facts({"maker": 60, "writer": 40}, {"fund": 10}, (10, 10, 10), {"maker": 10})
    causes = {one.cause for one in pooled_client_default(CHART, told).unpaid}
    assert causes == {Cause.STOOD_IN, Cause.ADL, Cause.SOCIALISED}
    cut = pooled_client_default(CHART, facts({"maker": 10}, {"maker": 100, "writer": 100}, missing=100))
    assert [cut.paid_units(CHART.available(name)) for name in ("maker", "writer")] == [50, 50]
