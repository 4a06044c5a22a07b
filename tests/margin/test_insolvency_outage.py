"""While the custodian cannot sign: which deadline holds, who bears it, and when what was due is paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.accounts import Chart
from custody.transfers import Reason
from margin.calls import MarginCall
from margin.insolvency.distribution import Distribution, Payment, Unpaid
from margin.insolvency.outage import Bearer, Outage, OutageRule, after_outage, during

PAUSE = OutageRule(pauses_calls=True, bearer=Bearer.CUSTODIAN, longest_s=10_000)
RUN_ON = OutageRule(pauses_calls=False, bearer=Bearer.NOBODY, longest_s=0)
OUTAGE = Outage(500, 900)


def call(opened_at_s: int, deadline_s: int) -> MarginCall:
    return MarginCall("call/1", "fund", "north", 77, opened_at_s, deadline_s)


@pytest.mark.parametrize(
    ("opened_at_s", "deadline_s", "rule", "new_deadline_s", "bearer"),
    [
        (100, 500, PAUSE, 500, Bearer.NOBODY),  # over before
        (900, 950, PAUSE, 950, Bearer.NOBODY),  # made after
        (100, 600, PAUSE, 1_000, Bearer.CUSTODIAN),  # 400 seconds before, and the last hundred after
        (600, 800, PAUSE, 1_100, Bearer.CUSTODIAN),  # made in the middle of it: all its time comes after
        (100, 2_000, PAUSE, 2_400, Bearer.CUSTODIAN),
        (100, 600, OutageRule(True, Bearer.VENUE, 150), 750, Bearer.VENUE),  # the agreement waits no longer
        (100, 600, RUN_ON, 600, Bearer.CLIENT),
        (100, 500, RUN_ON, 500, Bearer.NOBODY),
    ],
)
def test_the_deadline_that_holds_and_who_bears_it(
    opened_at_s: int, deadline_s: int, rule: OutageRule, new_deadline_s: int, bearer: Bearer
) -> None:
    found = during(OUTAGE, call(opened_at_s, deadline_s), rule)
    assert found.call == call(opened_at_s, new_deadline_s)
    assert (found.delay_s, found.bearer) == (new_deadline_s - deadline_s, bearer)


times = st.integers(0, 2_000)


@given(times, times, times, times)
def test_a_pause_gives_the_client_as_many_working_seconds_as_the_call_did(
    began_s: int, lasted_s: int, opened_at_s: int, given_s: int
) -> None:
    outage = Outage(began_s, began_s + lasted_s)
    found = during(outage, call(opened_at_s, opened_at_s + given_s), PAUSE).call
    silent_s = max(min(outage.ended_at_s, found.deadline_s) - max(began_s, opened_at_s), 0)
    assert found.deadline_s - opened_at_s - silent_s == given_s
    assert not outage.began_at_s <= found.deadline_s - 1 < outage.ended_at_s or given_s == 0 or silent_s == 0


def test_what_is_due_while_nothing_can_be_signed_is_paid_at_the_end() -> None:
    chart = Chart("USDC")
    due = [
        Payment(at_s, chart.available("fund"), chart.fees(), units, Reason.SETTLEMENT)
        for units, at_s in enumerate((499, 500, 899, 900, 901), start=1)
    ]
    unpaid = (Unpaid("fund", "north", 3),)
    found = after_outage(OUTAGE, Distribution(tuple(due), unpaid))
    assert [(payment.at_s, payment.units) for payment in found.payments] == [
        (499, 1), (900, 2), (900, 3), (900, 4), (901, 5)
    ]  # fmt: skip
    assert found.unpaid == unpaid
