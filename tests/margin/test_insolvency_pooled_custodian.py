"""A custodian's default where venues pool: what is recovered of an omnibus goes to the clients behind it, pro rata."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.accounts import Account, Chart, Totals
from custody.ledger import apply
from custody.state import LedgerState
from custody.transfers import Reason, Transfer
from margin.insolvency.custodian_default import CustodianDefault, custodian_default
from margin.insolvency.distribution import Distribution, Unpaid, as_transfers

CHART = Chart("USDC")
VAULT, AT_S, DELAY_S = CHART.vault(), 1_000, 90
VENUES, CLIENTS = ("north", "south"), ("fund", "maker", "writer")
RESERVES = [CHART.available(client) for client in CLIENTS]
Claims = dict[str, dict[str, int]]


def facts(claims: Claims, available: dict[Account, int], found: int, elsewhere: int | None = None) -> CustodianDefault:
    """Nothing stands in an omnibus but its clients' claims; the trust fails where something is owed elsewhere."""
    owed = available | {CHART.omnibus(venue): sum(hanging.values()) for venue, hanging in claims.items()}
    return CustodianDefault(AT_S, DELAY_S, elsewhere is None, owed, found, elsewhere or 0, claims)


def posted(told: CustodianDefault, found: Distribution) -> dict[str, int]:
    """Balances after the payments, by the ledger's own rules."""
    brought = [(VAULT, account, units) for account, units in told.owed_units.items()]
    for venue, hanging in told.claim_units.items():
        brought += [(CHART.pool(venue), CHART.claim(client, venue), units) for client, units in hanging.items()]
    named = {account for payer, payee, _ in brought for account in (payer, payee)} | {VAULT}
    state = LedgerState({one.id: one for one in named}, {one.id: Totals() for one in named})
    opening = [
        Transfer(f"opening/{number}", payer.id, payee.id, units, Reason.DEPOSIT)
        for number, (payer, payee, units) in enumerate(brought)
        if units
    ]
    for chain in (opening, *as_transfers(found.payments, "drill")):
        assert all(outcome.ok for outcome in apply(state, chain, AT_S))
    return {name: totals.balance for name, totals in state.totals.items() if totals.balance}


def test_a_successor_delivers_an_omnibus_for_the_clients_behind_it() -> None:
    told = facts({"north": {"writer": 20, "fund": 100}}, {RESERVES[0]: 30}, 150)
    found = custodian_default(CHART, told)
    assert [(one.at_s, one.payer.id[5:], one.payee.id[5:], one.units) for one in found.payments] == [
        (AT_S + DELAY_S, "client/fund/available", "vault", 30),
        (AT_S + DELAY_S, "venue/north/omnibus", "vault", 120),
        (AT_S + DELAY_S, "client/fund/claim/north", "venue/north/pool", 100),
        (AT_S + DELAY_S, "client/writer/claim/north", "venue/north/pool", 20),
    ]
    assert found.unpaid == ()
    assert posted(told, found) == {}


@pytest.mark.parametrize(
    ("found_units", "elsewhere", "shares"),
    [
        (75, None, (15, 50, 10)),  # the trust holds, and half is found: half for everybody
        (150, 150, (15, 50, 10)),  # the trust fails: as much is owed elsewhere
        (150, 0, (30, 100, 20)),
        (0, 7, (0, 0, 0)),
    ],
)
def test_what_is_not_recovered_the_clients_of_the_pool_lack_in_proportion(
    found_units: int, elsewhere: int | None, shares: tuple[int, int, int]
) -> None:
    claims = {"north": {"fund": 100, "writer": 20}}
    found = custodian_default(CHART, facts(claims, {RESERVES[0]: 30}, found_units, elsewhere))
    payers = (RESERVES[0], CHART.claim("fund", "north"), CHART.claim("writer", "north"))
    assert tuple(found.taken_units(payer) for payer in payers) == shares
    lacking = [
        Unpaid("custodian", RESERVES[0].id, 30 - shares[0]),
        Unpaid("custodian", CHART.omnibus("north").id, 120 - shares[1] - shares[2]),
        Unpaid("north", "fund", 100 - shares[1]),
        Unpaid("north", "writer", 20 - shares[2]),
    ]
    assert found.unpaid == tuple(one for one in lacking if one.units)


def test_claims_without_an_omnibus_behind_them_recover_nothing() -> None:
    nothing = CustodianDefault(AT_S, DELAY_S, True, {RESERVES[0]: 9}, 9, 0, {"north": {"fund": 5}})
    found = custodian_default(CHART, nothing)
    assert found.unpaid == (Unpaid("north", "fund", 5),)


units = st.integers(0, 1_000) | st.integers(0, 10**15)
hanging = st.dictionaries(st.sampled_from(CLIENTS), units)


@given(
    st.dictionaries(st.sampled_from(VENUES), hanging),
    st.dictionaries(st.sampled_from(RESERVES), units),
    st.integers(0, 120),
    st.none() | units,
)
def test_a_pool_recovers_as_a_whole_and_its_clients_share_it_to_the_unit(
    claims: Claims, available: dict[Account, int], percent: int, elsewhere: int | None
) -> None:
    owed = sum(available.values()) + sum(sum(one.values()) for one in claims.values())
    told = facts(claims, available, owed * percent // 100, elsewhere)
    found = custodian_default(CHART, told)
    after = posted(told, found)
    whole = owed + (elsewhere or 0)
    share = min(told.found_units, whole)
    for account, due in told.owed_units.items():
        # The omnibus recovers the same part as any other account, whoever is behind it.
        assert abs(found.taken_units(account) * whole - due * share) < whole or whole == 0
    for venue, behind in claims.items():
        omnibus, pool, total = CHART.omnibus(venue), CHART.pool(venue), sum(behind.values())
        got = {client: found.taken_units(CHART.claim(client, venue)) for client in behind}
        recovered = found.taken_units(omnibus)
        assert sum(got.values()) == recovered
        assert all(abs(got[client] * total - due * recovered) < total or total == 0 for client, due in behind.items())
        # One hole, seen from the custodian and from the venue.
        for debtor, hole in (("custodian", {omnibus.id}), (venue, set(behind))):
            lacking = [one for one in found.unpaid if one.debtor == debtor and one.creditor in hole]
            assert sum(one.units for one in lacking) == total - recovered
        assert after.get(omnibus.id, 0) == -after.get(pool.id, 0) == total - recovered
    assert sum(after.values()) == 0


def test_control_the_property_cuts_pools() -> None:
    """An example in which the leftover unit is one venue's and, within it, one client's."""
    claims = {"north": {"fund": 1, "writer": 1}, "south": {"fund": 1}}
    found = custodian_default(CHART, facts(claims, {}, 2))
    assert [found.taken_units(CHART.omnibus(venue)) for venue in VENUES] == [1, 1]
    assert found.taken_units(CHART.claim("fund", "north")) == 1
    assert Unpaid("north", "writer", 1) in found.unpaid
