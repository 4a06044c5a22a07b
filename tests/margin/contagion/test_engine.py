"""Runs whole: what must hold whatever happens, what must not happen with a channel off, and twins that must agree."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.books import BooksError
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.path import Path
from margin.contagion.payers import Payer
from margin.contagion.regimes import NAMED, regime_of

FOUR = ("pooled_instant", "pooled_prorata", "segregated_grace", "segregated_netted")


def figures(made: Run) -> tuple[object, ...]:
    """Everything that a run ends in."""
    tally, rows = made.tally, made.books.rows
    parts = (tally.price_units, tally.flow_usd, tally.liquidated, rows.lots, rows.principal, rows.realised)
    return (*(part.tobytes() for part in parts), dict(made.losses.paid), made.calls.opened)


@pytest.mark.parametrize("name", NAMED)
def test_books_add_up_after_every_step_of_every_regime(inputs: Inputs, name: str) -> None:
    made = run(replace(inputs, regime=regime_of(name)), audited=True)
    assert made.tally.liquidated.sum() > 100  # something happened


def test_the_audit_notices_one_micro_dollar(inputs: Inputs) -> None:
    made = begun(inputs, audited=True)
    made.books.rows.principal[7] += 1
    with pytest.raises(BooksError, match="hold"):
        made.advance()


@pytest.mark.parametrize("name", FOUR)
@pytest.mark.parametrize("channels", [Channels.ALL, Channels.NONE, Channels.ALL ^ Channels.TRAPPED])
def test_the_fast_watch_gives_what_the_plain_one_gives(inputs: Inputs, name: str, channels: Channels) -> None:
    asked = replace(inputs, regime=regime_of(name), channels=channels)
    assert figures(run(asked)) == figures(run(asked, plain=True))


def test_equal_inputs_give_equal_bytes(inputs: Inputs) -> None:
    assert figures(run(inputs)) == figures(run(inputs))


def test_with_every_channel_off_prices_are_the_exogenous_ones(inputs: Inputs) -> None:
    made = run(replace(inputs, channels=Channels.NONE))
    assert np.array_equal(made.tally.price_units, inputs.path.units)
    assert made.tally.liquidated.sum() > 50
    assert set(made.losses.paid) <= {Payer.SPONSOR}


def test_impact_moves_prices_beyond_the_path_and_amplifies(inputs: Inputs) -> None:
    off, on = (run(replace(inputs, channels=one)) for one in (Channels.NONE, Channels.IMPACT))
    assert on.tally.liquidated_usd.sum() > off.tally.liquidated_usd.sum()
    assert on.tally.price_units.min(axis=0)[0] < inputs.path.units.min(axis=0)[0]


def test_endless_depth_is_no_impact(inputs: Inputs) -> None:
    deep = replace(inputs, a=inputs.a.changed({"market.depth_multiple": 1e9}), channels=Channels.IMPACT)
    made = run(deep)
    off = run(replace(inputs, channels=Channels.NONE))
    assert made.tally.liquidated_usd.sum() == pytest.approx(off.tally.liquidated_usd.sum(), rel=1e-3)


def test_no_client_pays_for_another_under_a_ring_fence(inputs: Inputs) -> None:
    """Beyond its own collateral and its own unsettled gains; here: principal is taken by settlements alone.

    Funds are left out: they pay for themselves what they are called for elsewhere.
    """
    made = begun(replace(inputs, regime=regime_of("segregated_instant")), audited=True)
    others = np.setdiff1d(np.arange(len(inputs.population.accounts)), made.carry.funds)
    while made.step < len(inputs.path.units) - 1:
        before, marks = made.books.rows.principal.copy(), made.prices.settled.copy()
        made.advance()
        if np.array_equal(marks, made.prices.settled):
            assert (made.books.rows.principal >= before)[others].all()
    assert made.losses.paid[Payer.SOCIALISED] == made.losses.paid[Payer.ADL] == 0


def test_a_quiet_day_has_no_cascade(inputs: Inputs, quiet: Path) -> None:
    on, off = (run(replace(inputs, path=quiet, channels=one)) for one in (Channels.ALL, Channels.NONE))
    assert on.tally.supercritical_at is None
    whole = on.tally.liquidated_usd.sum(), off.tally.liquidated_usd.sum()
    assert whole[0] <= 1.2 * whole[1] + 1e6


def test_the_other_way_round_shorts_are_closed(inputs: Inputs) -> None:
    down = run(replace(inputs, channels=Channels.NONE)).tally
    up = run(replace(inputs, path=inputs.path.flipped(), channels=Channels.NONE)).tally
    assert down.long_usd > 0.7 * down.liquidated_usd.sum()  # the rest opened during the run
    assert up.long_usd < 0.3 * up.liquidated_usd.sum()
