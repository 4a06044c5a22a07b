"""A client's ordinary days, step by step: what each changes in books, chain and mirror, and that nothing else does."""

from typing import TYPE_CHECKING

import pytest

from custody.delegation import Standing
from settlement.desk import DeskError

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour, Picture

USD = 10**6
AVAILABLE, VAULT, POOL = "USDC/client/hedger/available", "USDC/vault", "USDC/venue/harbour/pool"
TOP_UP = 43_367_346_939
"""34,000 dollars and a quarter, over 0.98, to the unit above."""
LOSS = {"due hedger": -90_000 * USD, "due house": 90_000 * USD}
OMNIBUS, HOUSE = "USDC/venue/harbour/omnibus", "USDC/venue/harbour/collateral"


def delegated(harbour: "Harbour", units: int) -> "Picture":
    """What a delegation of the hedger's changes once the venue has acknowledged it."""
    moved = {AVAILABLE: -units, harbour.at_venue("hedger"): units}
    if harbour.world.standing is Standing.SEGREGATED:
        return {**moved, "chain USDC hedger": units}
    return {**moved, OMNIBUS: units, POOL: -units, "chain USDC omnibus": units}


def held_for_delegation(harbour: "Harbour", units: int) -> "Picture":
    pooled = harbour.world.standing is Standing.POOLED
    return {f"{AVAILABLE} held": units, **({f"{POOL} held": units} if pooled else {})}


def test_deposit_delegate_trade_call_topup_settle(harbour: "Harbour") -> None:
    harbour.bring("bystander", 100_000, 80_000)
    harbour.desk.margin.mandates["hedger"] = 100_000 * USD
    for step in (deposits, delegates, trades, is_called, is_topped_up, is_cut_off_and_paid, owes_nothing_more):
        step(harbour)
        harbour.desk.audit.after_act()


def deposits(harbour: "Harbour") -> None:
    """A deposit is the client's own, committed nowhere; the chain hears nothing of it."""
    before = harbour.picture()
    harbour.desk.collateral.bring("hedger", "USDC", 300_000 * USD)
    assert harbour.changed_since(before) == {VAULT: -300_000 * USD, AVAILABLE: 300_000 * USD}


def delegates(harbour: "Harbour") -> None:
    """A delegation is held until the venue acknowledges it, ten minutes later; only then it is on chain."""
    before = harbour.picture()
    harbour.delegate("hedger", 150_000, ready_s=600)
    assert harbour.changed_since(before, but="") == held_for_delegation(harbour, 150_000 * USD)
    delegable = harbour.desk.collateral.delegable("hedger", "USDC")
    assert delegable == 144_000 * USD, "98% of 300,000 less what is on its way"
    harbour.desk.audit.after_act()
    harbour.see(600, 100_000)
    assert harbour.work() == []
    assert harbour.changed_since(before) == delegated(harbour, 150_000 * USD)


def trades(harbour: "Harbour") -> None:
    """Ten coins at 100,000: no money moves, the position is mirrored with its opposite, in one message."""
    before = harbour.picture()
    harbour.trade("hedger", 10)
    assert harbour.work() == []
    assert harbour.changed_since(before, but="") == {"lots hedger": 10_000, "lots house": -10_000, "messages sent": 1}


def is_called(harbour: "Harbour") -> None:
    """9% lower: 147,000 after the haircut less 90,000 are 57,000, below 6.5% of 910,000. The call restores 91,000."""
    before = harbour.picture()
    harbour.see(600, 91_000)
    called, sent = harbour.work()
    assert (called.kind, called.party, called.facts["amount_units"]) == ("call_opened", "hedger", 34_000 * USD)
    assert (called.facts["equity_units"], called.facts["maintenance_units"]) == (57_000 * USD, 59_150 * USD)
    assert called.facts["deadline_s"] == harbour.world.now_s + 3_600
    assert (sent.kind, sent.facts["asset"], sent.facts["units"]) == ("top_up_sent", "USDC", TOP_UP)
    assert harbour.changed_since(before) == {**LOSS, **held_for_delegation(harbour, TOP_UP)}


def is_topped_up(harbour: "Harbour") -> None:
    """On its way the top-up is not sent twice; acknowledged after twenty minutes, it restores initial margin: met."""
    before = harbour.picture()
    harbour.see(600, 91_000)
    assert harbour.work() == []
    assert harbour.changed_since(before) == {}
    harbour.see(600, 91_000)
    assert [told.kind for told in harbour.work()] == ["top_up_arrived", "call_met"]
    released = {key: -by for key, by in held_for_delegation(harbour, TOP_UP).items()}
    assert harbour.changed_since(before) == {**released, **delegated(harbour, TOP_UP)}
    assert harbour.desk.margin.calls == {}
    assert harbour.desk.margin.mandates["hedger"] == 57_500 * USD, "what was sent counts at its collateral value"


def is_cut_off_and_paid(harbour: "Harbour") -> None:
    """The cut-off holds what the loser owes; after the window it is paid, once, in the books and on the chain alike."""
    before, own = harbour.picture(), harbour.at_venue("hedger")
    pooled, lost = harbour.world.standing is Standing.POOLED, 90_000 * USD
    reset = {key: -by for key, by in LOSS.items()}
    harbour.see(600, 91_000)
    assert [told.kind for told in harbour.work(cut_off=True)] == ["cycle_proposed"]
    held = {f"{own} held": lost, **({f"{OMNIBUS} held": lost} if pooled else {})}
    assert harbour.changed_since(before) == {**reset, **held}
    harbour.desk.audit.after_act()

    harbour.see(600, 91_000)
    (settled,) = harbour.work()
    assert (settled.kind, settled.facts["paid_units"], settled.facts["parties"]) == ("cycle_settled", lost, 2)
    paid = {own: -lost, HOUSE: lost, "chain USDC house": lost}
    stood = {OMNIBUS: -lost, POOL: lost, "chain USDC omnibus": -lost} if pooled else {"chain USDC hedger": -lost}
    assert harbour.changed_since(before) == {**reset, **paid, **stood}


def owes_nothing_more(harbour: "Harbour") -> None:
    """The next cycle, at the same price, moves nothing."""
    before = harbour.picture()
    harbour.settle(91_000)
    assert harbour.changed_since(before) == {}


def test_what_a_client_gained_it_can_take_home(harbour: "Harbour") -> None:
    """A gain is spendable collateral after its settlement, not before; a recall brings it back to the client's own."""
    harbour.bring("hedger", 300_000, 150_000)
    harbour.trade("hedger", 2)
    harbour.work()
    harbour.see(600, 110_000)
    assert harbour.world.collateral("hedger", "harbour")["USDC"] == 150_000 * USD
    harbour.settle(110_000)
    assert harbour.world.collateral("hedger", "harbour")["USDC"] == 170_000 * USD

    before = harbour.picture()
    harbour.desk.recalls.recall("hedger", "harbour", "USDC", 20_000 * USD)
    assert harbour.changed_since(before) == {key: -by for key, by in delegated(harbour, 20_000 * USD).items()}
    assert harbour.world.contracts.total_supply(harbour.world.setting.schedule["USDC"].asset) == sum(
        by for key, by in harbour.picture().items() if key.startswith("chain USDC ")
    )
    harbour.desk.audit.after_act()


def test_assets_leave_to_a_place_allowed_in_time_and_only_what_covers_nothing(
    harbour: "Harbour",
) -> None:
    """A haircut of 2%: 150,000 delegated need 153,061.224490 held, so of 300,000 that much stays."""
    harbour.bring("hedger", 300_000, 150_000)
    free = 146_938_775_510
    assert harbour.desk.collateral.withdrawable("hedger", "USDC") == free
    before = harbour.picture()
    with pytest.raises(DeskError, match="destination_is_time_locked"):
        harbour.desk.collateral.take_out("hedger", "USDC", free)
    harbour.see(3_600, 100_000)
    with pytest.raises(DeskError, match="would_uncover_delegations"):
        harbour.desk.collateral.take_out("hedger", "USDC", free + 1)
    assert harbour.changed_since(before) == {}
    harbour.desk.collateral.take_out("hedger", "USDC", free)
    assert harbour.picture()[AVAILABLE] == 150_000 * USD - free
    harbour.desk.audit.after_act()
