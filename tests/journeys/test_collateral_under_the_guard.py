"""Bitcoin as collateral while its price sources lie, fall silent or agree: what is called, and that nothing is seized.

The account: one bitcoin behind ten coins of the perpetual. At 100,000 it counts 90,000 after the haircut, above the
65,000 of maintenance; at 65,000 it would count 58,500. Instruments stay at an index of 100,000 throughout, so that
whatever changes is the collateral's price.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from custody.prices import Quote
from custody.transfers import Reason
from margin.calls import MarginCall
from margin.fixed import Fixed
from settlement import records
from settlement.desk.pricing import RULE, SUBSTITUTION_S
from tests.journeys.conftest import VENUE

if TYPE_CHECKING:
    from settlement.happenings import Happening
    from tests.journeys.conftest import Harbour

USD, COIN = 10**6, 10**8
FIRST, SECOND, THIRD = (source.name for source in RULE.sources)
PAR = dict.fromkeys((FIRST, SECOND, THIRD), 100_000)
GRACE_S = 3_600


def hears(
    harbour: "Harbour",
    after_s: int,
    says: Mapping[str, int],
    late_s: Mapping[str, int] | None = None,
    btc: int = 100_000,
) -> "list[Happening]":
    """Move on and work: each source says so many dollars, some of them so many seconds ago; `btc` is the index."""
    world = harbour.world
    now_s = world.now_s + after_s
    harbour.node.move_to(now_s)
    quotes = [
        Quote("BTC", source, dollars * USD, now_s - (late_s or {}).get(source, 0)) for source, dollars in says.items()
    ]
    harbour.desk.see(now_s, {"USDC": USD, "BTC": btc * USD}, Fixed.of("0.5"), quotes)
    return harbour.work()


def kinds(told: "list[Happening]") -> list[str]:
    return [happening.kind for happening in told]


def stored_calls(harbour: "Harbour") -> list[MarginCall]:
    with harbour.world.database.snapshot() as reader:
        return records.calls_between(reader, 0, 2**40)


@pytest.fixture
def backed(harbour: "Harbour") -> "Harbour":
    """The hedger's ten coins on one bitcoin, nothing else of its own anywhere; a bystander's backs nothing any more."""
    for client in ("hedger", "bystander"):
        harbour.desk.collateral.bring(client, "BTC", COIN * 10 // 8)
        harbour.desk.collateral.delegate(client, VENUE, "BTC", COIN, harbour.world.now_s, Reason.DELEGATION)
        harbour.desk.collateral.arrive()
        harbour.trade(client, 10)
    harbour.trade("bystander", -10)
    assert harbour.work() == []
    assert harbour.desk.margin.equity("hedger", VENUE) == 90_000 * USD
    return harbour


def test_one_source_at_65_cents_in_the_dollar_calls_nobody(backed: "Harbour") -> None:
    """10 October 2025: one book out of three at 0.65 of par. Every test runs, and not a figure anywhere changes."""
    before = backed.picture()
    for liar in PAR:
        assert hears(backed, 600, PAR | {liar: 65_000}) == []
        assert backed.desk.margin.equity("hedger", VENUE) == 90_000 * USD
    assert backed.changed_since(before, but="") == {}
    assert stored_calls(backed) == []


def test_control_a_fall_that_all_sources_see_makes_a_margin_call_as_ever(backed: "Harbour") -> None:
    before = backed.picture()
    (called,) = hears(backed, 600, dict.fromkeys(PAR, 65_000))
    assert (called.kind, called.party) == ("call_opened", "hedger")
    assert called.facts["equity_units"] == 58_500 * USD
    assert called.facts["amount_units"] == 41_500 * USD
    assert called.facts["deadline_s"] == backed.world.now_s + GRACE_S
    assert backed.changed_since(before, but="") == {}, "it has nothing more to send"


LATE = {SECOND: RULE.max_age_s + 1, THIRD: RULE.max_age_s + 1}
"""All sources but one are a second too old."""


def test_all_but_one_source_stale_asks_for_other_collateral_and_waits(backed: "Harbour") -> None:
    """Called, not seized: a day to substitute, an ordinary call, its hour, and only then is anything closed."""
    before = backed.picture()
    refused, asked = hears(backed, 600, PAR, LATE)
    opened_at_s = backed.world.now_s
    deadline_s = opened_at_s + SUBSTITUTION_S
    assert (refused.kind, refused.facts) == ("price_refused", {"asset": "BTC", "refusal": "too_few_fresh_sources"})
    assert (asked.kind, asked.party, asked.venue) == ("substitution_called", "hedger", VENUE)
    assert asked.facts == {"asset": "BTC", "amount_units": 90_000 * USD, "deadline_s": deadline_s}
    (stored,) = stored_calls(backed)
    assert stored == MarginCall("substitution/BTC/1", "hedger", VENUE, 90_000 * USD, opened_at_s, deadline_s)
    assert backed.world.valued({"BTC": COIN}).collateral_units == 0
    assert backed.desk.margin.equity("hedger", VENUE) == 90_000 * USD, "waited for"
    assert backed.desk.margin.spare_at("bystander", VENUE) == [], "what has no price does not leave"

    assert hears(backed, SUBSTITUTION_S - 1, PAR, LATE) == []
    assert backed.changed_since(before, but="") == {}, "nothing moved before the deadline"

    ended, called = hears(backed, 1, PAR, LATE)
    assert (ended.kind, ended.facts) == ("substitution_ended", {"asset": "BTC", "how": "expired"})
    assert (called.kind, called.facts["amount_units"]) == ("call_opened", 100_000 * USD)
    assert called.facts["deadline_s"] == deadline_s + GRACE_S
    assert hears(backed, GRACE_S - 1, PAR, LATE) == [], "equity of nothing, and still no reason for haste"
    assert backed.changed_since(before, but="") == {}
    assert kinds(hears(backed, 1, PAR, LATE))[:2] == ["call_expired", "liquidation_started"]


def test_who_brings_other_collateral_in_time_is_never_called(backed: "Harbour") -> None:
    hears(backed, 600, PAR, LATE)
    backed.bring("hedger", 300_000, 120_000)
    (spare,) = backed.desk.margin.spare_at("hedger", VENUE)
    assert (spare.asset, spare.units) == ("USDC", 17_959_183_673), "17,600 over 0.98: the bitcoin covers none of it"
    told = hears(backed, SUBSTITUTION_S, PAR, LATE)
    assert kinds(told) == ["substitution_ended"]
    assert backed.desk.margin.equity("hedger", VENUE) == 117_600 * USD
    assert hears(backed, GRACE_S, PAR, LATE) == []


def test_sources_that_speak_again_cure_it(backed: "Harbour") -> None:
    before = backed.picture()
    hears(backed, 600, PAR, LATE)
    found, ended = hears(backed, 600, PAR)
    assert (found.kind, found.facts) == ("price_found", {"asset": "BTC", "price_e6": 100_000 * USD})
    assert (ended.kind, ended.facts["how"]) == ("substitution_ended", "cured")
    assert backed.desk.margin.equity("hedger", VENUE) == 90_000 * USD
    assert hears(backed, SUBSTITUTION_S, PAR) == []
    assert backed.changed_since(before, but="") == {}


def test_a_loss_is_no_more_forgiven_than_before_while_a_price_is_missing(backed: "Harbour") -> None:
    """What is waited for stands in for the collateral, not for the market: a loss on the position is called."""
    hears(backed, 600, PAR, LATE)
    (called,) = hears(backed, 600, {}, btc=97_000)
    assert (called.kind, called.facts["equity_units"]) == ("call_opened", 60_000 * USD)
    assert called.facts["amount_units"] == 37_000 * USD


def test_what_was_cured_once_spares_nothing_the_next_time(backed: "Harbour") -> None:
    """A second silence, at the first one's deadline, has its own day; a loss of 100,000 waits for neither."""
    hears(backed, 600, PAR, LATE)
    hears(backed, 600, PAR)
    told = hears(backed, SUBSTITUTION_S - 600, PAR, LATE)
    assert kinds(told) == ["price_refused", "substitution_called"]
    assert told[1].facts["deadline_s"] == backed.world.now_s + SUBSTITUTION_S
    assert kinds(hears(backed, 600, PAR, LATE, btc=90_000))[0] == "liquidation_started"


def test_a_source_that_is_missing_altogether_is_as_one_that_is_stale(backed: "Harbour") -> None:
    told = hears(backed, 600, {FIRST: 100_000, SECOND: 100_000})
    assert kinds(told) == ["price_refused", "substitution_called"]


def test_sources_that_part_leave_no_price(backed: "Harbour") -> None:
    refused, _ = hears(backed, 600, {FIRST: 100_000, SECOND: 80_000, THIRD: 65_000})
    assert refused.facts["refusal"] == "sources_disagree"
