"""A movement's transfers: posted to the plain ledger in the order of its table, they move what they say and no more."""

from dataclasses import replace

import pytest

from custody.accounts import Totals
from custody.delegation import Standing
from custody.holds import accounts_of, available_account, transfers_of
from custody.intents import Intent
from custody.ledger import apply
from custody.state import LedgerState
from custody.states import Entry, Lifecycle
from custody.transfers import has_plain_id

FUND, NORTH = "client/fund", "venue/north"
DEPOSIT = Intent(Lifecycle.DEPOSIT, FUND, "USDC", 100)
DELEGATION = Intent(Lifecycle.DELEGATION, FUND, "USDC", 60, "north")
RECALL = replace(DELEGATION, lifecycle=Lifecycle.RECALL, units=25)
MOVE = Intent(Lifecycle.MOVE, FUND, "USDC", 20, "north", "south")
WITHDRAWAL = Intent(Lifecycle.WITHDRAWAL, FUND, "USDC", 40, destination="0xabc")
BOTH = pytest.mark.parametrize("standing", list(Standing), ids=lambda standing: standing.value)


def posted(state: LedgerState, name: str, intent: Intent, *entries: Entry) -> None:
    for account in accounts_of(intent):
        state.accounts.setdefault(account.id, account)
        state.totals.setdefault(account.id, Totals())
    for entry in entries:
        outcomes = apply(state, transfers_of(name, intent, 1, entry, at_s=7), now_s=9)
        assert [outcome.refusal for outcome in outcomes] == [None] * len(outcomes)


def balances(state: LedgerState) -> dict[str, int]:
    return {name.removeprefix("USDC/"): one.balance for name, one in state.totals.items() if one.balance}


@BOTH
def test_a_whole_day_leaves_what_it_should(standing: Standing) -> None:
    state = LedgerState({}, {})
    for name, intent in (("d", DEPOSIT), ("g", DELEGATION)):
        posted(state, name, replace(intent, standing=standing), Entry.HOLD, Entry.POST)
    posted(state, "m", replace(MOVE, standing=standing), Entry.HOLD, Entry.POST_AND_DELEGATE)
    posted(state, "r", replace(RECALL, standing=standing), Entry.HOLD, Entry.POST)
    posted(state, "w", replace(WITHDRAWAL, standing=standing), Entry.HOLD, Entry.POST)
    place = "delegated" if standing is Standing.SEGREGATED else "claim"
    own = {
        "vault": -60,
        "client/fund/available": 25,
        f"client/fund/{place}/north": 15,
        f"client/fund/{place}/south": 20,
    }
    pools = {"venue/north/omnibus": 15, "venue/north/pool": -15, "venue/south/omnibus": 20, "venue/south/pool": -20}
    assert balances(state) == (own if standing is Standing.SEGREGATED else own | pools)


@BOTH
@pytest.mark.parametrize("intent", [DEPOSIT, DELEGATION, RECALL, MOVE, WITHDRAWAL], ids=lambda one: one.lifecycle)
def test_what_is_voided_leaves_no_trace(standing: Standing, intent: Intent) -> None:
    state = LedgerState({}, {})
    posted(state, "d", replace(DEPOSIT, units=200, standing=standing), Entry.HOLD, Entry.POST)
    posted(state, "g", replace(DELEGATION, standing=standing), Entry.HOLD, Entry.POST)
    before = balances(state)
    posted(state, "x", replace(intent, standing=standing), Entry.HOLD, Entry.VOID)
    assert balances(state) == before
    assert all(one.debits_pending == one.credits_pending == 0 for one in state.totals.values())


def test_a_venues_own_collateral_stands_in_its_own_accounts() -> None:
    state = LedgerState({}, {})
    posted(state, "d", replace(DEPOSIT, party=NORTH), Entry.HOLD, Entry.POST)
    posted(state, "g", replace(DELEGATION, party=NORTH), Entry.HOLD, Entry.POST)
    posted(state, "r", replace(RECALL, party=NORTH), Entry.HOLD, Entry.POST)
    assert balances(state) == {"vault": -100, "venue/north/available": 65, "venue/north/collateral": 35}
    assert available_account(replace(DEPOSIT, party=NORTH)).id == "USDC/venue/north/available"


def test_the_longest_id_still_has_ids_for_its_transfers_and_no_others_can_be_spelt_with_one() -> None:
    name = "x" * 64
    entries = (Entry.HOLD, Entry.POST, Entry.VOID, Entry.POST_AND_DELEGATE)
    pooled = replace(MOVE, standing=Standing.POOLED)
    written = [one for entry in entries for one in transfers_of(name, pooled, 1, entry, 7)]
    assert all(has_plain_id(one) and one.reference == name for one in written)
    # A settlement's transfers are cycle/…:0 and their ends; nothing of a movement is called so.
    theirs = {"cycle/north/1:0", "cycle/north/1:0:post"}
    ours = {one.id for entry in entries for one in transfers_of("cycle/north/1:0", MOVE, 1, entry, 7)}
    assert ours & theirs == set()


def test_no_entry_is_no_transfer() -> None:
    assert transfers_of("m", DELEGATION, 1, Entry.NONE, 7) == ()
