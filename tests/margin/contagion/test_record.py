"""What a run came to: figures against the books, equal bytes from equal inputs, and nothing where prices stand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, begun, run
from margin.contagion.population import Kind
from margin.contagion.record import digest_of, record_of, without_impact
from margin.contagion.regimes import regime_of


def test_equal_inputs_give_equal_records_and_any_change_another_digest(inputs: Inputs) -> None:
    assert record_of(run(inputs), "feb_2026").to_json() == record_of(run(inputs), "feb_2026").to_json()
    base = digest_of(inputs, "feb_2026")
    for other in (
        replace(inputs, seed=2), replace(inputs, channels=Channels.NONE), replace(inputs, path=inputs.path.flipped()),
        replace(inputs, regime=regime_of("segregated_grace")), replace(inputs, a=inputs.a.changed({"call.grace_s": 1})),
        replace(inputs, a=inputs.a.changed({"market.depth_multiple": 2})),
    ):  # fmt: skip
        assert digest_of(other, "feb_2026") != base
    assert digest_of(inputs, "another") != base


def test_amplification_is_over_the_run_without_impact(inputs: Inputs) -> None:
    inputs = replace(inputs, channels=Channels.IMPACT)  # with thinning books the day collapses, and prices with it
    made, first = run(inputs), run(without_impact(inputs))
    record = record_of(made, "feb_2026", first)
    assert record.first_round_usd == first.tally.liquidated_usd.sum()
    assert record.amplification == pytest.approx(record.liquidated_usd / record.first_round_usd)
    assert record.amplification > 1
    assert record_of(first, "feb_2026").overshoot_bps == 0


def test_parts_sum_to_the_whole(inputs: Inputs) -> None:
    record = record_of(run(inputs), "feb_2026")
    assert sum(record.liquidated_by_instrument_usd.values()) == pytest.approx(record.liquidated_usd)
    assert 0.5 < record.long_share <= 1.0
    paid = record.shortfall_by_payer_usd
    assert record.innocent_loss_usd == sum(paid.get(one, 0.0) for one in ("adl", "socialised", "unpaid"))
    assert 0 < record.gini_of_losses < 1
    assert json.loads(record.to_json())["accounts"] == record.accounts


def test_what_is_idle_elsewhere_while_its_owner_is_in_call_is_trapped(inputs: Inputs) -> None:
    """A hedger has two accounts; others have one, and nothing elsewhere."""
    made = begun(replace(inputs, regime=regime_of("segregated_static")))
    clients, accounts = inputs.population.clients, inputs.population.accounts
    hedger = int(np.flatnonzero(clients.kind[accounts.client] == Kind.HEDGER)[0])
    retail = int(np.flatnonzero(clients.kind[accounts.client] == Kind.RETAIL)[0])
    assert made.calls.idle_elsewhere(made.prices) == 0
    made.calls.begin(np.array([retail], np.int32), 1)
    assert made.calls.idle_elsewhere(made.prices) == 0
    made.calls.begin(np.array([hedger], np.int32), 1)
    equity, needed = made.standings()
    idle = min(equity[hedger + 1] - 2 * needed[hedger + 1], accounts.cash_units[hedger + 1])
    assert made.calls.idle_elsewhere(made.prices) == idle > 0
    made.calls.begin(np.array([hedger + 1], np.int32), 1)
    assert made.calls.idle_elsewhere(made.prices) == 0  # both are in call: neither is idle


def test_what_came_from_outside_within_an_hour(inputs: Inputs) -> None:
    made = run(replace(inputs, regime=regime_of("segregated_grace")))
    brought = np.array(made.calls.brought_at)
    most = max(brought[max(end - 60, 0) : end].sum() for end in range(1, len(brought) + 1))
    need = record_of(made, "feb_2026").liquidity_need_1h_usd
    assert need == pytest.approx(most / 1e6 * inputs.population.weight)
    assert need > 0
