"""A client asks for its collateral back: what stands against it is named, and it comes when that has ended.

Each case has its control: the same recall at the same moment, with the one lien left out of account, would have gone
through.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from custody.custodian_facts import facts_of
from custody.movements import Block, Movement
from custody.register import Register
from custody.steps import block
from settlement.desk import DeskError
from tests.journeys.conftest import STEP_S, VENUE

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD, HOUR_S = 10**6, 3_600


def register(harbour: "Harbour") -> Register:
    return Register(harbour.world.database, harbour.desk.collateral.instructing.agreement)


def kept(harbour: "Harbour", party: str = "client/hedger") -> dict[Block, int]:
    return register(harbour).kept_units(party, VENUE, "USDC")


def asks(harbour: "Harbour", dollars: int) -> Movement:
    return harbour.desk.recalls.ask_back("hedger", VENUE, "USDC", dollars * USD)[0]


def stands(harbour: "Harbour", asked: Movement) -> str:
    found = register(harbour).movement(asked.id)
    assert found is not None
    return f"{found.state} {found.reason}".strip()


def would_go_without(harbour: "Harbour", *reasons: Block) -> bool:
    """Whether what is asked back last would be held, were these liens not there."""
    world = harbour.world
    blocked = list(harbour.desk.recalls.waiting.values())[-1]

    with world.database.snapshot() as reader:
        facts = facts_of(reader, blocked.intent, world.setting.schedule)
    without = {reason: units for reason, units in facts.kept_units.items() if reason not in reasons}
    return block(blocked, replace(facts, kept_units=without)) is None


def to_the_hour(harbour: "Harbour", btc: int) -> None:
    """On to the next time at which the custodian looks at what waits."""
    harbour.see(HOUR_S - harbour.world.now_s % HOUR_S, btc)
    harbour.work()


@pytest.fixture
def trading(harbour: "Harbour") -> "Harbour":
    """Ten coins at 100,000 on 150,000 dollars: 147,000 after the haircut, of which 100,000 are initial margin."""
    harbour.bring("hedger", 300_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.work()
    return harbour


def test_what_initial_margin_needs_stays_to_the_unit(trading: "Harbour") -> None:
    """47,000 are to spare: 47,959.183673 dollars before the haircut, and not a millionth more."""
    most = 47_959_183_673
    asked = trading.desk.recalls.ask_back("hedger", VENUE, "USDC", most + 1)[0]
    assert stands(trading, asked) == "blocked margin_would_breach"
    assert would_go_without(trading, Block.MARGIN_WOULD_BREACH)
    assert not would_go_without(trading, Block.CALL_OPEN)
    assert kept(trading) == {Block.MARGIN_WOULD_BREACH: 150_000 * USD - most}
    assert register(trading).recallable_units("client/hedger", VENUE, "USDC") == most
    trading.desk.recalls.recall("hedger", VENUE, "USDC", most)
    tested = trading.desk.margin.assessment("hedger", VENUE)
    assert 0 <= tested.equity_units - tested.requirement.initial_units < 1
    # The position is gone, and so is what stood against the first.
    trading.trade("hedger", -10)
    to_the_hour(trading, 100_000)
    to_the_hour(trading, 100_000)
    assert stands(trading, asked) == "released"
    assert trading.desk.recalls.waiting == {}
    trading.desk.audit.after_act()


def test_the_lien_follows_prices_and_is_never_too_small(trading: "Harbour") -> None:
    """A record for others to judge by: at least what initial margin needs, whatever the price."""
    written = set()
    for btc in (101_000, 104_000, 99_000, 97_000, 98_500, 96_500, 105_000):
        trading.see(STEP_S, btc)
        trading.work()
        free = 150_000 * USD - kept(trading)[Block.MARGIN_WOULD_BREACH]
        spare = max(trading.desk.margin.spare_units("hedger", VENUE), 0)
        assert trading.world.setting.schedule["USDC"].collateral_units(free, USD) <= spare
        written.add(free)
    assert 1 < len(written) < 7, "rewritten, but not at every price"
    trading.trade("hedger", -10)
    trading.settle(105_000)
    assert kept(trading) == {}


def test_an_open_call_keeps_everything_until_it_is_met(trading: "Harbour") -> None:
    trading.see(STEP_S, 91_000)
    (called,) = trading.work()
    assert called.kind == "call_opened"
    asked = asks(trading, 1)
    assert stands(trading, asked) == "blocked call_open"
    assert kept(trading)[Block.CALL_OPEN] == 150_000 * USD
    assert not would_go_without(trading, Block.CALL_OPEN)
    assert would_go_without(trading, Block.CALL_OPEN, Block.MARGIN_WOULD_BREACH)
    # What comes to answer the call stays with the rest.
    trading.delegate("hedger", 10_000)
    trading.see(STEP_S, 91_000)
    trading.work()
    assert kept(trading)[Block.CALL_OPEN] == 160_000 * USD
    trading.delegate("hedger", 30_000)
    trading.see(STEP_S, 91_000)
    assert [told.kind for told in trading.work()] == ["call_met"]
    assert Block.CALL_OPEN not in kept(trading)
    to_the_hour(trading, 91_000)
    assert stands(trading, asked) == "released"
    trading.desk.audit.after_act()


def test_what_a_cycle_owes_stays_until_it_is_paid(trading: "Harbour") -> None:
    """5,000 are owed from the cut-off on: they are no longer the client's to take, and not yet the venue's."""
    trading.trade("hedger", -9)
    trading.see(STEP_S, 95_000)
    trading.trade("hedger", -1)
    trading.work(cut_off=True)
    owed = 5_000 * USD
    assert kept(trading)[Block.SETTLEMENT_PENDING] == owed
    asked = asks(trading, 146_000)
    assert stands(trading, asked) == "blocked settlement_pending"
    assert kept(trading) == {Block.SETTLEMENT_PENDING: 150_000 * USD}, "the vault releases nothing meanwhile"
    assert would_go_without(trading, Block.SETTLEMENT_PENDING)
    less = asks(trading, 140_000)
    assert stands(trading, less) == "blocked settlement_pending"
    trading.see(STEP_S, 95_000)
    assert [told.kind for told in trading.work()] == ["cycle_settled"]
    assert kept(trading) == {}
    to_the_hour(trading, 95_000)
    assert stands(trading, asked) == "refused exceeds_compartment", "5,000 have been paid, and 145,000 were left"
    assert stands(trading, less) == "released"
    trading.desk.audit.after_act()


def test_a_venue_that_owes_keeps_what_it_owes(trading: "Harbour") -> None:
    trading.see(STEP_S, 104_000)
    trading.work(cut_off=True)
    assert kept(trading, f"venue/{VENUE}") == {Block.SETTLEMENT_PENDING: 40_000 * USD}
    trading.see(STEP_S, 104_000)
    trading.work()
    assert kept(trading, f"venue/{VENUE}") == {}


def test_what_a_debtor_could_not_pay_stays_if_it_comes(trading: "Harbour") -> None:
    """At 80,000 the loss is 200,000: 50,000 and penalties beyond the collateral are owed, and stay owed."""
    trading.see(STEP_S, 80_000)
    told = trading.work(cut_off=True)
    assert "shortfall_found" in {one.kind for one in told}
    trading.see(STEP_S, 80_000)
    trading.work()
    (short,) = (one for one in kept(trading).items())
    assert short[0] is Block.OBLIGATION_UNPAID
    debt = short[1]
    assert debt > 50_000 * USD
    trading.delegate("hedger", 60_000)
    asked = asks(trading, 60_000)
    assert stands(trading, asked) == "blocked obligation_unpaid"
    assert would_go_without(trading, Block.OBLIGATION_UNPAID)
    assert register(trading).recallable_units("client/hedger", VENUE, "USDC") == max(60_000 * USD - debt, 0)


def test_the_desk_itself_is_told_when_it_takes_what_is_not_to_spare(trading: "Harbour") -> None:
    before = trading.picture()
    with pytest.raises(DeskError, match="is blocked: margin_would_breach"):
        trading.desk.recalls.recall("hedger", VENUE, "USDC", 50_000 * USD)
    assert trading.changed_since(before, but="") == {}
