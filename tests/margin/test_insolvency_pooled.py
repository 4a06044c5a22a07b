"""A pooled venue's default: gains go before principal, everybody shares alike, and nothing is lost on the way."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.accounts import Account, Chart, Totals
from custody.ledger import apply
from custody.state import LedgerState
from custody.transfers import Reason, Transfer
from margin.insolvency.distribution import Distribution, Unpaid, as_transfers
from margin.insolvency.pooled_default import PooledDefault, pooled_default

CHART, VENUE = Chart("USDC"), "north"
CLIENTS = ("fund", "hedger", "maker", "writer")
AT_S, LATER_S = 1_000, 1_060
OMNIBUS, POOL = CHART.omnibus(VENUE), CHART.pool(VENUE)
INSURANCE, CAPITAL = CHART.insurance(VENUE), CHART.venue_collateral(VENUE)


def claim(client: str) -> Account:
    return CHART.claim(client, VENUE)


def facts(
    unsettled: Mapping[str, int], claims: Mapping[str, int], found: int, fund: int = 0, capital: int = 0
) -> PooledDefault:
    return PooledDefault(VENUE, AT_S, LATER_S - AT_S, unsettled, claims, found, fund, capital)


def posted(told: PooledDefault, found: Distribution) -> dict[str, int]:
    """Balances after the payments, by the ledger's own rules; the omnibus is booked in full, whatever is found."""
    held = {claim(client): units for client, units in told.claim_units.items()}
    booked = sum(held.values())
    brought = [(CHART.vault(), OMNIBUS, booked), (CHART.vault(), INSURANCE, told.fund_units)]
    brought += [
        (CHART.vault(), CAPITAL, told.capital_units),
        *((POOL, account, units) for account, units in held.items()),
    ]
    named = {CHART.vault(), OMNIBUS, POOL, INSURANCE, CAPITAL, *held, *map(CHART.available, CLIENTS)}
    state = LedgerState({one.id: one for one in named}, {one.id: Totals() for one in named})
    opening = [
        Transfer(f"opening/{number}", payer.id, payee.id, units, Reason.DEPOSIT)
        for number, (payer, payee, units) in enumerate(brought)
        if units
    ]
    for chain in (opening, *as_transfers(found.payments, "drill")):
        assert all(outcome.ok for outcome in apply(state, chain, AT_S))
    return {name: totals.balance for name, totals in state.totals.items() if totals.balance}


def test_a_pooled_venues_default_account_by_account() -> None:
    """Clients gained 40 together, which is the house's loss and its own margin's; writer is 5 beyond its claim."""
    told = facts({"fund": 60, "hedger": -5, "writer": -15}, {"fund": 100, "hedger": 20, "writer": 10}, 130, 3, 41)
    found = pooled_default(CHART, told)
    assert [(one.at_s, one.payer.id[5:], one.payee.id[5:], one.units) for one in found.payments] == [
        (AT_S, "venue/north/collateral", "venue/north/omnibus", 40),
        (AT_S, "insurance/north", "venue/north/omnibus", 3),
        (AT_S, "venue/north/collateral", "venue/north/omnibus", 1),
        (AT_S, "client/hedger/claim/north", "venue/north/pool", 5),
        (AT_S, "client/writer/claim/north", "venue/north/pool", 10),
        (LATER_S, "venue/north/omnibus", "client/fund/available", 159),
        (LATER_S, "client/fund/claim/north", "venue/north/pool", 100),
        (LATER_S, "venue/north/omnibus", "client/hedger/available", 15),
        (LATER_S, "client/hedger/claim/north", "venue/north/pool", 15),
    ]
    assert found.unpaid == (Unpaid(VENUE, "fund", 1), Unpaid("writer", VENUE, 5))


@pytest.mark.parametrize(
    ("found_units", "fund", "capital", "drawn", "received"),
    [
        # fund gained 30 and hedger lost 30: each claim is 100, so 230 less 100 are owed to fund, 70 to hedger.
        (200, 50, 50, (0, 0), (130, 70)),  # what the loser pays is all there
        (180, 50, 50, (20, 0), (130, 70)),  # the insurance fund first
        (120, 50, 50, (50, 30), (130, 70)),  # then the venue
        (90, 50, 50, (50, 50), (120, 70)),  # then the winner's gain
        (70, 50, 50, (50, 50), (100, 70)),  # all of it
        (53, 50, 50, (50, 50), (90, 63)),  # and then a tenth of everybody's principal
        (0, 0, 0, (0, 0), (0, 0)),
    ],
)
def test_the_waterfall_of_a_pool(
    found_units: int, fund: int, capital: int, drawn: tuple[int, int], received: tuple[int, int]
) -> None:
    told = facts({"fund": 30, "hedger": -30}, {"fund": 100, "hedger": 100}, found_units, fund, capital)
    found = pooled_default(CHART, told)
    assert (found.taken_units(INSURANCE), found.taken_units(CAPITAL)) == drawn
    assert tuple(found.paid_units(CHART.available(client)) for client in ("fund", "hedger")) == received
    assert found.unpaid_units == 200 - sum(received)


def test_negative_amounts_are_no_facts() -> None:
    for told in (facts({}, {"fund": -1}, 0), facts({}, {}, -1), facts({}, {}, 0, -1), facts({}, {}, 0, 0, -1)):
        with pytest.raises(ValueError, match="non-negative"):
            pooled_default(CHART, told)


units = st.integers(0, 1_000) | st.integers(0, 10**15)
pnl = st.integers(-1_000, 1_000) | st.integers(-(10**15), 10**15)


@given(st.dictionaries(st.sampled_from(CLIENTS), st.tuples(pnl, units)), st.integers(0, 100), units, units)
def test_a_pool_is_shared_to_the_unit_and_principal_goes_last(
    drawn: dict[str, tuple[int, int]], percent: int, fund: int, capital: int
) -> None:
    unsettled = {client: gain for client, (gain, _) in drawn.items()}
    claims = {client: have for client, (_, have) in drawn.items()}
    omnibus = sum(claims.values()) * percent // 100
    told = facts(unsettled, claims, omnibus, fund, capital)
    found = pooled_default(CHART, told)
    after = posted(told, found)
    home = {client: after.get(CHART.available(client).id, 0) for client in drawn}
    owed_to = {one.creditor: one.units for one in found.unpaid if one.debtor == VENUE}
    owed_by = {one.debtor: one.units for one in found.unpaid if one.creditor == VENUE}
    # Conserved: what is paid out was in the omnibus or came in; what is worth something is paid or still owed.
    came = found.taken_units(INSURANCE) + found.taken_units(CAPITAL)
    assert sum(home.values()) == min(omnibus + came, sum(max(have + gain, 0) for gain, have in drawn.values()))
    assert sum(after.values()) == 0
    for client, (gain, have) in drawn.items():
        assert home[client] + owed_to.get(client, 0) - owed_by.get(client, 0) == have + gain
        assert claim(client).id not in after
    assert POOL.id not in after
    # Seniority: the venue before the winners, gains before principal, and principal alike.
    principal = {client: have + min(gain, 0) for client, (gain, have) in drawn.items() if have + min(gain, 0) > 0}
    if owed_to:
        assert came == fund + capital
    if any(home[client] < units for client, units in principal.items()):
        whole, there = sum(principal.values()), omnibus + came
        for client in drawn:
            assert abs(home[client] * whole - principal.get(client, 0) * there) < whole
    # In full and untouched where nothing is missing: nobody but the house has lost to anybody.
    if percent == 100 and not owed_by and capital >= max(sum(unsettled.values()), 0):
        assert not owed_to


def test_control_the_property_meets_cut_gains_and_cut_principal() -> None:
    """One example each of what the property could have missed."""
    gains = pooled_default(CHART, facts({"fund": 30}, {"fund": 100, "maker": 9}, 109))
    assert gains.unpaid == (Unpaid(VENUE, "fund", 30),)
    principal = pooled_default(CHART, facts({"fund": 30}, {"fund": 100, "maker": 10}, 55))
    assert principal.unpaid == (Unpaid(VENUE, "fund", 80), Unpaid(VENUE, "maker", 5))
