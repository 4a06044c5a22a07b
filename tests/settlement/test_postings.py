"""A cycle in the ledger, held and then paid, for both ways in which collateral stands: no refusal, no unit astray."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.accounts import Account, Chart, Totals
from custody.collateral import Eligible
from custody.delegation import Order, Standing
from custody.ledger import LedgerState, apply
from custody.money import Asset
from custody.state import LedgerState as State
from custody.transfers import Kind, Reason, Refusal, Transfer
from settlement.mirror import FUND, HOUSE
from settlement.netting import Obligation, PaymentPlan, Terms, plan_payments
from settlement.postings import OMNIBUS, Postings, on_chain, party_account, postings

VENUE, NOW_S = "harbour", 1_769_000_000
CLIENTS = ("hedger", "maker", "miner")
SCHEDULE = {"USDC": Eligible(Asset("USDC", 6, 6), 200), "BTC": Eligible(Asset("BTC", 8, 8), 1_000)}
CHARTS = {symbol: Chart(symbol) for symbol in SCHEDULE}
PRICES_E6 = {"USDC": 10**6, "BTC": 80_000 * 10**6}
TERMS = Terms(SCHEDULE, "USDC", 10, 5 * 10**11)
ORDER = Order("cycle/harbour/1", 0, NOW_S, Reason.SETTLEMENT, "harbour 1")

Holdings = dict[str, dict[str, int]]


def accounts(standing: Standing) -> list[Account]:
    """Every account that a cycle at the venue can touch."""
    opened = []
    for chart in CHARTS.values():
        parties = (HOUSE, FUND, *CLIENTS, *((OMNIBUS,) if standing is Standing.POOLED else ()))
        opened += [chart.vault(), chart.venue_settlement(VENUE), chart.pool(VENUE)]
        opened += [party_account(standing, chart, VENUE, party) for party in parties]
    return opened


def opened(standing: Standing, holdings: Holdings) -> LedgerState:
    """The books with everybody's holdings in place; pooled ones stand in the omnibus, with a claim each."""
    places = accounts(standing)
    state = State({place.id: place for place in places}, {place.id: Totals() for place in places})
    moves = []
    for party, held in holdings.items():
        for asset, units in held.items():
            chart, own = CHARTS[asset], party_account(standing, CHARTS[asset], VENUE, party)
            pooled = standing is Standing.POOLED and party in CLIENTS
            moves.append((chart.vault().id, chart.omnibus(VENUE).id if pooled else own.id, units))
            if pooled:
                moves.append((chart.pool(VENUE).id, own.id, units))
    must(state, [Transfer(f"o/{n}", *move, Reason.DEPOSIT) for n, move in enumerate(moves) if move[2]])
    return state


def must(state: LedgerState, transfers: list[Transfer]) -> None:
    refused = [outcome for outcome in apply(state, transfers, NOW_S) if outcome.refusal]
    assert not refused, refused


def balances(state: LedgerState) -> dict[str, int]:
    return {account: totals.balance for account, totals in state.totals.items()}


@dataclass(frozen=True)
class Case:
    """A plan with the holdings that it was made for; the house's collateral covers its debt, as the desk sees to."""

    holdings: Holdings
    plan: PaymentPlan


@st.composite
def cases(draw: st.DrawFn) -> Case:
    amounts = st.one_of(st.just(0), st.integers(0, 10**12))
    dues = {client: draw(st.integers(-(10**12), 10**12)) for client in CLIENTS}
    dues[FUND] = draw(amounts)
    dues[HOUSE] = -sum(dues.values())
    holdings = {client: {"USDC": draw(amounts), "BTC": draw(amounts)} for client in CLIENTS}
    holdings[FUND] = {"USDC": draw(amounts)}
    plan = plan_payments(dues, holdings, PRICES_E6, TERMS)
    holdings[HOUSE] = {"USDC": max(-plan.of(HOUSE, "USDC"), 0) + draw(amounts)}
    return Case(holdings, plan)


def settled(standing: Standing, case: Case) -> tuple[LedgerState, LedgerState, LedgerState, Postings]:
    """The books before, with the holds, and after."""
    before, held, after = (opened(standing, case.holdings) for _ in range(3))
    legs = postings(standing, CHARTS, VENUE, case.plan.obligations, ORDER)
    for state in (held, after):
        must(state, list(legs.holds))
    must(after, list(legs.when_final(NOW_S)))
    return before, held, after, legs


@pytest.mark.parametrize("standing", Standing)
@settings(max_examples=60)
@given(case=cases())
def test_balances_move_by_the_obligations_and_by_nothing_else(standing: Standing, case: Case) -> None:
    before, held, after, _ = settled(standing, case)
    expected = Counter(balances(before))
    for row in case.plan.obligations:
        expected[party_account(standing, CHARTS[row.asset], VENUE, row.party).id] += row.units
        if standing is Standing.POOLED and row.party in CLIENTS:
            expected[CHARTS[row.asset].omnibus(VENUE).id] += row.units
            expected[CHARTS[row.asset].pool(VENUE).id] -= row.units
    assert balances(held) == balances(before), "a hold moves nothing"
    assert balances(after) == expected
    for chart in CHARTS.values():
        assert after.totals[chart.venue_settlement(VENUE).id].balance == 0
    assert all(t.debits_pending == t.credits_pending == 0 for t in after.totals.values()), "nothing is left held"


@settings(max_examples=60)
@given(cases())
def test_pooled_claims_equal_the_omnibus_and_the_pool_before_and_after(case: Case) -> None:
    before, held, after, _ = settled(Standing.POOLED, case)
    for state in (before, held, after):
        for chart in CHARTS.values():
            claims = sum(state.totals[chart.claim(client, VENUE).id].balance for client in CLIENTS)
            assert (
                claims == state.totals[chart.omnibus(VENUE).id].balance == -state.totals[chart.pool(VENUE).id].balance
            )


@pytest.mark.parametrize("standing", Standing)
@settings(max_examples=60)
@given(case=cases())
def test_what_payers_owe_cannot_be_spent_while_the_window_is_open(standing: Standing, case: Case) -> None:
    before, held, _, _ = settled(standing, case)
    for party in (HOUSE, FUND, *CLIENTS):
        for asset, chart in CHARTS.items():
            account = party_account(standing, chart, VENUE, party).id
            reserved = before.totals[account].spendable - held.totals[account].spendable
            assert reserved == max(-case.plan.of(party, asset), 0)


@settings(max_examples=60)
@given(cases())
def test_the_chain_settles_what_the_ledger_moves(case: Case) -> None:
    """Segregated: row for row. Pooled: one row for all clients of an asset, zero-sum, and none that moves nothing."""
    rows = case.plan.obligations
    assert on_chain(Standing.SEGREGATED, rows) == rows
    netted = on_chain(Standing.POOLED, rows)
    sums: dict[str, int] = defaultdict(int)
    for row in netted:
        sums[row.asset] += row.units
        assert row.units
        assert row.party in (HOUSE, FUND, OMNIBUS)
    assert set(sums.values()) <= {0}
    for asset in SCHEDULE:
        clients = sum(row.units for row in rows if row.asset == asset and row.party in CLIENTS)
        assert sum(row.units for row in netted if (row.asset, row.party) == (asset, OMNIBUS)) == clients


def test_the_random_plans_hold_and_pay_in_both_assets() -> None:
    """The control: payers and receivers, cash and kind, and cycles in which the omnibus itself does not move."""
    seen: Counter[str] = Counter()

    @settings(max_examples=150, derandomize=True)
    @given(cases())
    def look(case: Case) -> None:
        legs = postings(Standing.POOLED, CHARTS, VENUE, case.plan.obligations, ORDER)
        seen.update(holds=len(legs.holds) > 1, payments=len(legs.payments) > 1)
        seen.update(kind=any(row.asset == "BTC" for row in case.plan.obligations), short=bool(case.plan.shortfalls))

    look()
    assert min(seen.values()) > 15, seen


# -- by hand -----------------------------------------------------------------------------------------------------------

ROWS = (Obligation("hedger", "USDC", -70), Obligation(HOUSE, "USDC", 30), Obligation("maker", "USDC", 40))


def test_segregated_a_hold_for_each_payer_then_a_payment_for_each_receiver() -> None:
    legs = postings(Standing.SEGREGATED, CHARTS, VENUE, ROWS, ORDER)
    told = [(t.id, t.debit_account, t.credit_account, t.amount, t.kind) for t in legs.holds + legs.payments]
    desk = "USDC/venue/harbour/settlement"
    assert told == [
        ("cycle/harbour/1:0", "USDC/client/hedger/delegated/harbour", desk, 70, Kind.PENDING),
        ("cycle/harbour/1:1", desk, "USDC/venue/harbour/collateral", 30, Kind.POSTED),
        ("cycle/harbour/1:2", desk, "USDC/client/maker/delegated/harbour", 40, Kind.POSTED),
    ]
    assert [t.linked for t in legs.when_final(NOW_S + 300)] == [True, True, False]
    assert {t.reference for t in legs.holds + legs.payments} == {"harbour 1"}


def test_pooled_the_omnibus_moves_by_the_net_and_the_claims_by_the_whole() -> None:
    legs = postings(Standing.POOLED, CHARTS, VENUE, ROWS, ORDER)
    told = [(t.debit_account, t.credit_account, t.amount) for t in legs.holds + legs.payments]
    desk, pool = "USDC/venue/harbour/settlement", "USDC/venue/harbour/pool"
    assert told == [
        ("USDC/venue/harbour/omnibus", desk, 30),
        ("USDC/client/hedger/claim/harbour", pool, 70),
        (desk, "USDC/venue/harbour/collateral", 30),
        (pool, "USDC/client/maker/claim/harbour", 40),
    ]


def test_a_cycle_that_moves_nothing_posts_nothing() -> None:
    legs = postings(Standing.POOLED, CHARTS, VENUE, (), ORDER)
    assert legs == Postings((), ())
    assert legs.when_final(NOW_S) == ()


def test_a_payer_without_the_money_is_refused_and_nothing_is_held() -> None:
    state = opened(Standing.SEGREGATED, {"hedger": {"USDC": 69}, FUND: {"USDC": 5}})
    rows = (Obligation(FUND, "USDC", -5), Obligation("hedger", "USDC", -70), Obligation("maker", "USDC", 75))
    before = balances(state), dict(state.totals)
    legs = postings(Standing.SEGREGATED, CHARTS, VENUE, rows, ORDER)
    refusals = [outcome.refusal for outcome in apply(state, legs.holds, NOW_S)]
    assert refusals == [Refusal.LINKED_EVENT_FAILED, Refusal.EXCEEDS_AVAILABLE]
    assert (balances(state), dict(state.totals)) == before


def test_posting_the_same_cycle_again_changes_nothing() -> None:
    state = opened(Standing.POOLED, {"hedger": {"USDC": 100}})
    legs = postings(Standing.POOLED, CHARTS, VENUE, ROWS, ORDER)
    for _ in range(2):
        must(state, list(legs.holds))
        must(state, list(legs.when_final(NOW_S)))
    assert state.totals[CHARTS["USDC"].claim("hedger", VENUE).id].balance == 30


@pytest.mark.parametrize(("party", "pooled", "segregated"), [
    (HOUSE, "venue/harbour/collateral", "venue/harbour/collateral"),
    (FUND, "insurance/harbour", "guarantee/harbour"),
    (OMNIBUS, "venue/harbour/omnibus", "venue/harbour/omnibus"),
    ("hedger", "client/hedger/claim/harbour", "client/hedger/delegated/harbour"),
])  # fmt: skip
def test_where_a_party_stands(party: str, pooled: str, segregated: str) -> None:
    places = {standing: party_account(standing, Chart("USDC"), VENUE, party).id for standing in Standing}
    assert places == {Standing.POOLED: f"USDC/{pooled}", Standing.SEGREGATED: f"USDC/{segregated}"}
