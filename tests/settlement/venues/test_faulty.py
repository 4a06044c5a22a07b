"""A faulty feed: each fault happens and is counted, the same seed brings the same, and the truth can still be had."""

from collections import Counter

import pytest

from settlement.reports import ENTRY, EntryKind, Report
from settlement.venues.entry import Entry
from settlement.venues.faulty import MILLION, Fault, FaultyFeed, Rates
from settlement.venues.simulated import SimulatedVenue
from tests.settlement.venues.listing import DOMAIN, ETH, REGISTRY, SIGNER, START_MS, venue

COUNT = 40


def closed_venue() -> SimulatedVenue:
    made = venue(most_entries=1)
    for turn in range(COUNT):
        made.report_fill(Entry(EntryKind.FILL, ETH, START_MS + turn, 1 + turn, 3_000_000_000, 11, 21))
    made.publish()
    made.close()
    return made


def faulty(seed: int = 1, *, lies: bool = True, **rates: int) -> FaultyFeed:
    named = Rates({Fault(name): rate for name, rate in rates.items()})
    return FaultyFeed(closed_venue(), seed, named, (SIGNER, DOMAIN) if lies else None)


async def heard(feed: FaultyFeed) -> list[Report]:
    return [report async for report in feed.listen(0)]


TRUTH = [report.body for report in closed_venue().tape._reports]


async def test_without_a_rate_nothing_happens() -> None:
    feed = faulty()
    assert [report.body for report in await heard(feed)] == TRUTH
    assert not any(feed.happened.values())


async def test_reports_are_omitted_repeated_and_reordered() -> None:
    omitting = faulty(omitted=MILLION // 4)
    numbers = [report.first for report in await heard(omitting)]
    assert len(numbers) == COUNT - omitting.happened[Fault.OMITTED] < COUNT
    repeating = faulty(repeated=MILLION // 4)
    told = Counter(report.first for report in await heard(repeating))
    assert sorted(told) == list(range(1, COUNT + 1))
    assert sum(told.values()) == COUNT + repeating.happened[Fault.REPEATED] > COUNT
    reordering = faulty(reordered=MILLION // 4)
    numbers = [report.first for report in await heard(reordering)]
    assert sorted(numbers) == list(range(1, COUNT + 1))
    assert numbers != sorted(numbers)
    assert [report.first for report in await heard(faulty(reordered=MILLION))] == [
        number + (1 if number % 2 else -1) for number in range(1, COUNT + 1)
    ]


async def test_a_delay_is_the_callers() -> None:
    waited = 0

    async def pause() -> None:
        nonlocal waited
        waited += 1

    feed = faulty(delayed=MILLION // 2)
    feed.pause = pause
    assert len(await heard(feed)) == COUNT
    assert 0 < waited == feed.happened[Fault.DELAYED] < COUNT


async def test_a_forged_signature_is_nobodys() -> None:
    feed = faulty(forged=MILLION // 2)
    signed = [report.is_signed_by(DOMAIN, SIGNER.address) for report in await heard(feed)]
    assert signed.count(False) == feed.happened[Fault.FORGED] > 0


@pytest.mark.parametrize("seed", range(3))
async def test_a_lie_is_signed_and_contradicts_what_is_fetched(seed: int) -> None:
    feed = faulty(seed, lied=MILLION // 2)
    lies = 0
    for report in await heard(feed):
        assert report.is_signed_by(DOMAIN, SIGNER.address)
        [truth] = await feed.fetch(report.first, report.last)
        if truth.body != report.body:
            lies += 1
            said, true = report.entries()[0], truth.entries()[0]
            assert (said["lots"], said["price_e6"]) in ((2 * true["lots"], true["price_e6"]),
                                                        (true["lots"], 2 * true["price_e6"]))  # fmt: skip
            REGISTRY.numbered(ETH).value_units(int(said["lots"]), int(said["price_e6"]))
    assert lies == feed.happened[Fault.LIED] > 0


async def test_without_its_key_nobody_lies_in_its_name() -> None:
    assert [report.body for report in await heard(faulty(lies=False, lied=MILLION))] == TRUTH


async def test_what_is_fetched_may_be_less_or_untrue() -> None:
    assert len(await faulty(fetch_omitted=MILLION).fetch(1, 5)) == 4
    [lie, *others] = await faulty(fetch_lied=MILLION).fetch(1, 5)
    assert lie.body != TRUTH[0]
    assert [report.body for report in others] == TRUTH[1:5]
    assert await faulty(fetch_omitted=MILLION).fetch(COUNT + 1, COUNT + 5) == []


async def test_the_same_seed_brings_the_same() -> None:
    rates = {fault.value: MILLION // 5 for fault in Fault}
    first, second, other = [await heard(faulty(seed, **rates)) for seed in (7, 7, 8)]
    assert first == second != other
    assert faulty().venue == "harbour"
    assert all(len(report.body) == ENTRY.itemsize for report in first)
