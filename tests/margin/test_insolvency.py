"""Who gets what, when, from which account: nothing is lost, nobody pays for another, and the books take it as it is."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.accounts import Account, Chart, Code, Totals
from custody.ledger import apply
from custody.state import LedgerState
from custody.transfers import Reason, Transfer
from margin.insolvency.client_default import ClientDefault, client_default
from margin.insolvency.custodian_default import CustodianDefault, custodian_default
from margin.insolvency.distribution import Distribution, Payment, Unpaid, as_transfers, pro_rata
from margin.insolvency.venue_default import VenueDefault, venue_default

CHART = Chart("USDC")
CLIENTS = ("fund", "hedger", "maker", "writer")
VENUE = "north"
AT_S, LATER_S = 1_000, 90_000
SETTLEMENT = CHART.venue_settlement(VENUE)
COLLATERAL, GUARANTEE = CHART.venue_collateral(VENUE), CHART.guarantee(VENUE)


def at(client: str) -> Account:
    return CHART.delegated(client, VENUE)


def books(held: Mapping[Account, int]) -> LedgerState:
    """Books in which these accounts hold what they hold, out of one vault."""
    named = [CHART.vault(), SETTLEMENT, COLLATERAL, GUARANTEE, *map(CHART.available, CLIENTS), *map(at, CLIENTS), *held]
    state = LedgerState({account.id: account for account in named}, {account.id: Totals() for account in named})
    brought = [
        Transfer(f"deposit/{number}", CHART.vault().id, account.id, units, Reason.DEPOSIT)
        for number, (account, units) in enumerate(held.items())
        if units
    ]
    assert all(outcome.ok for outcome in apply(state, brought, 0))
    return state


def balances(state: LedgerState) -> dict[str, int]:
    return {name: totals.balance for name, totals in state.totals.items() if totals.balance}


def posted(held: Mapping[Account, int], found: Distribution) -> dict[str, int]:
    """Balances after the payments, through the ledger's own rules: none of them may overdraw anything on the way."""
    state = books(held)
    for chain in as_transfers(found.payments, "drill"):
        refused = [outcome for outcome in apply(state, chain, chain[0].occurred_at_s) if not outcome.ok]
        assert not refused
    return balances(state)


def spelt(payments: Iterable[Payment]) -> list[tuple[int, str, str, int]]:
    return [(one.at_s, one.payer.id[5:], one.payee.id[5:], one.units) for one in payments]


# -- a client ----------------------------------------------------------------------------------------------------------


def of_client(owed: Mapping[str, int], *layers: int) -> ClientDefault:
    return ClientDefault("fund", VENUE, AT_S, owed, *layers)


@pytest.mark.parametrize(
    ("owed", "layers", "drawn", "received", "debts"),
    [
        ({"maker": 100}, (100, 50, 20, 10), (100, 0, 0, 0), {"maker": 100}, {}),
        ({"maker": 100}, (60, 50, 20, 10), (60, 40, 0, 0), {"maker": 100}, {}),
        ({"maker": 100}, (60, 30, 20, 10), (60, 30, 10, 0), {"maker": 100}, {"guarantee/north": 10}),
        ({"maker": 100}, (60, 10, 20, 10), (60, 10, 20, 10), {"maker": 100}, {"guarantee/north": 20, "north": 10}),
        (
            {"maker": 70, "hedger": 30}, (60, 10, 9, 1), (60, 10, 9, 1), {"hedger": 24, "maker": 56},
            {"guarantee/north": 9, "north": 1, "hedger": 6, "maker": 14},
        ),
        ({"maker": 1, "hedger": 1, "writer": 1}, (2, 0, 0, 0), (2, 0, 0, 0), {"hedger": 1, "maker": 1}, {"writer": 1}),
        ({"maker": 5}, (0, 0, 0, 0), (0, 0, 0, 0), {}, {"maker": 5}),
        ({}, (60, 10, 20, 10), (0, 0, 0, 0), {}, {}),
    ],
)  # fmt: skip
def test_a_clients_default_goes_down_the_waterfall(
    owed: dict[str, int],
    layers: tuple[int, ...],
    drawn: tuple[int, ...],
    received: dict[str, int],
    debts: dict[str, int],
) -> None:
    found = client_default(CHART, of_client(owed, *layers))
    payers = (at("fund"), CHART.available("fund"), GUARANTEE, COLLATERAL)
    assert tuple(found.taken_units(payer) for payer in payers) == drawn
    assert {client: units for client in CLIENTS if (units := found.paid_units(at(client)))} == received
    assert {claim.creditor: claim.units for claim in found.unpaid} == debts
    assert {claim.debtor for claim in found.unpaid} <= {"fund"}
    assert all(payment.at_s == AT_S and payment.units for payment in found.payments)


def test_a_client_is_not_its_own_creditor_and_owes_no_negative_sum() -> None:
    with pytest.raises(ValueError, match="fund cannot be its own creditor"):
        client_default(CHART, of_client({"fund": 1}, 0, 0, 0, 0))
    with pytest.raises(ValueError, match="non-negative"):
        client_default(CHART, of_client({"maker": 1}, -1, 0, 0, 0))


units = st.integers(0, 1_000) | st.integers(0, 10**15)


@given(st.dictionaries(st.sampled_from(CLIENTS[1:]), units), st.tuples(units, units, units, units))
def test_a_clients_default_is_conserved_and_stays_in_its_compartment(
    owed: dict[str, int], layers: tuple[int, int, int, int]
) -> None:
    held = dict(zip((at("fund"), CHART.available("fund"), GUARANTEE, COLLATERAL), layers, strict=True))
    others = {at(client): 77 for client in CLIENTS[1:]} | {CHART.available(client): 77 for client in CLIENTS[1:]}
    found = client_default(CHART, of_client(owed, *layers))
    after = posted(held | others, found)
    loss = sum(owed.values())
    assert sum(found.taken_units(payer) for payer in held) == min(loss, sum(layers))
    for client in CLIENTS[1:]:
        lacking = sum(claim.units for claim in found.unpaid if claim.creditor == client)
        assert after[at(client).id] - 77 + lacking == owed.get(client, 0)
        assert after[CHART.available(client).id] == 77
    assert SETTLEMENT.id not in after
    assert sum(after.values()) == 0
    # Seniority: nobody pays while somebody before it has anything left.
    for junior, payer in enumerate(held):
        if found.taken_units(payer):
            assert all(found.taken_units(senior) == held[senior] for senior in list(held)[:junior])


# -- a venue -----------------------------------------------------------------------------------------------------------


def of_venue(unsettled: dict[str, int], delegated: dict[str, int], collateral: int, guarantee: int) -> VenueDefault:
    return VenueDefault(VENUE, AT_S, LATER_S - AT_S, unsettled, delegated, collateral, guarantee)


def test_a_venues_default_account_by_account() -> None:
    unsettled = {"fund": 60, "hedger": -50, "maker": 30, "writer": -9}
    found = venue_default(CHART, of_venue(unsettled, {"fund": 100, "hedger": 20, "writer": 10, "maker": 0}, 40, 5))
    assert spelt(found.payments) == [
        (AT_S, "venue/north/collateral", "venue/north/settlement", 40),
        (AT_S, "guarantee/north", "venue/north/settlement", 5),
        (AT_S, "client/hedger/delegated/north", "venue/north/settlement", 20),
        (AT_S, "client/writer/delegated/north", "venue/north/settlement", 9),
        # 74 for claims of 90: 49 1/3 and 24 2/3
        (AT_S, "venue/north/settlement", "client/fund/available", 49),
        (AT_S, "venue/north/settlement", "client/maker/available", 25),
        (LATER_S, "client/fund/delegated/north", "client/fund/available", 100),
        (LATER_S, "client/writer/delegated/north", "client/writer/available", 1),
    ]
    assert found.unpaid == (Unpaid(VENUE, "fund", 11), Unpaid(VENUE, "maker", 5), Unpaid("hedger", VENUE, 30))


@pytest.mark.parametrize(
    ("unsettled", "collateral", "guarantee", "taken", "left_for_the_estate"),
    [
        ({"fund": 30, "hedger": -30}, 50, 9, (30, 0), 30),  # collateral first: what the loser pays is the estate's
        ({"fund": 55, "hedger": -30}, 50, 9, (50, 5), 30),
        ({"fund": 70, "hedger": -30}, 50, 9, (50, 9), 19),
        ({"fund": 90, "hedger": -30}, 50, 9, (50, 9), 0),
        ({"fund": 0, "hedger": -30}, 50, 9, (0, 0), 30),
        ({}, 50, 9, (0, 0), 0),
    ],
)
def test_what_the_venue_posted_pays_first(
    unsettled: dict[str, int], collateral: int, guarantee: int, taken: tuple[int, int], left_for_the_estate: int
) -> None:
    found = venue_default(CHART, of_venue(unsettled, {"fund": 10, "hedger": 40}, collateral, guarantee))
    assert (found.taken_units(COLLATERAL), found.taken_units(GUARANTEE)) == taken
    assert found.paid_units(SETTLEMENT) - found.taken_units(SETTLEMENT) == left_for_the_estate


pnl = st.integers(-1_000, 1_000) | st.integers(-(10**15), 10**15)


@given(st.dictionaries(st.sampled_from(CLIENTS), st.tuples(pnl, units)), units, units)
def test_at_a_venues_default_nobody_loses_principal_for_anothers_loss(
    drawn: dict[str, tuple[int, int]], collateral: int, guarantee: int
) -> None:
    unsettled = {client: gain for client, (gain, _) in drawn.items()}
    delegated = {client: held for client, (_, held) in drawn.items()}
    found = venue_default(CHART, of_venue(unsettled, delegated, collateral, guarantee))
    held = {COLLATERAL: collateral, GUARANTEE: guarantee} | {at(client): have for client, have in delegated.items()}
    after = posted(held, found)
    claim_of = {claim.creditor: claim.units for claim in found.unpaid if claim.debtor == VENUE}
    debt_of = {claim.debtor: claim.units for claim in found.unpaid if claim.creditor == VENUE}
    for client, (gain, have) in drawn.items():
        # Everything home, with its own P&L: short of its own claim on the venue, or of its own debt to it.
        home = after.get(CHART.available(client).id, 0)
        assert home == have + gain - claim_of.get(client, 0) + debt_of.get(client, 0)
        assert home >= have or gain < 0
        assert at(client).id not in after
        assert not (home and debt_of.get(client))  # nobody in debt takes anything home
    assert sum(after.values()) == 0
    assert after.get(SETTLEMENT.id, 0) >= 0
    assert not claim_of or (COLLATERAL.id not in after and GUARANTEE.id not in after and SETTLEMENT.id not in after)


# -- the custodian -----------------------------------------------------------------------------------------------------

OWED = {
    CHART.available("fund"): 50, at("fund"): 30, at("hedger"): 15, COLLATERAL: 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("trust_holds", "found_units", "elsewhere", "delivered"),
    [
        (True, 100, 900, (30, 15, 50, 5)),  # the trust keeps other creditors out
        (True, 120, 0, (30, 15, 50, 5)),
        (True, 60, 900, (18, 9, 30, 3)),  # ... but what is not there cannot be handed over
        (False, 100, 0, (30, 15, 50, 5)),
        (False, 100, 100, (15, 8, 25, 2)),  # of two halves the unit left over goes to the earlier account
        (False, 0, 0, (0, 0, 0, 0)),
    ],
)
def test_a_custodians_default(trust_holds: bool, found_units: int, elsewhere: int, delivered: tuple[int, ...]) -> None:
    facts = CustodianDefault(AT_S, LATER_S - AT_S, trust_holds, OWED, found_units, elsewhere)
    found = custodian_default(CHART, facts)
    accounts = (at("fund"), at("hedger"), CHART.available("fund"), COLLATERAL)
    assert tuple(found.taken_units(account) for account in accounts) == delivered
    assert {payment.at_s for payment in found.payments} <= {LATER_S}
    assert found.unpaid_units == 100 - sum(delivered)
    assert {claim.debtor for claim in found.unpaid} <= {"custodian"}


@given(st.lists(units, min_size=5, max_size=5), units, units, st.booleans())
def test_every_account_of_the_custodian_recovers_the_same_part_to_the_unit(
    owed: list[int], found_units: int, elsewhere: int, trust_holds: bool
) -> None:
    accounts = (CHART.available("fund"), at("fund"), CHART.available("hedger"), at("maker"), COLLATERAL)
    claims = dict(zip(accounts, owed, strict=True))
    found = custodian_default(CHART, CustodianDefault(AT_S, 5, trust_holds, claims, found_units, elsewhere))
    after = posted(claims, found)
    whole = sum(owed) + (0 if trust_holds else elsewhere)
    share = min(found_units, whole)
    for account, units_owed in claims.items():
        got = found.taken_units(account)
        assert abs(got * whole - units_owed * share) < whole or whole == 0
        assert got <= units_owed
        assert (
            after.get(account.id, 0)
            == units_owed - got
            == sum(claim.units for claim in found.unpaid if claim.creditor == account.id)
        )
        assert all(payment.payee.code is Code.VAULT for payment in found.payments)
    assert trust_holds is False or found.paid_units(CHART.vault()) == min(found_units, sum(owed))


def test_pro_rata_of_nothing() -> None:
    assert pro_rata(5, {}) == {}
    assert pro_rata(0, {"fund": 3}) == {"fund": 0}
    assert pro_rata(5, {"fund": 0, "hedger": 0}) == {"fund": 0, "hedger": 0}
