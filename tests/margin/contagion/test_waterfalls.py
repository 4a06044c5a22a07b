"""The order of payers: a regime's own, a user's, and what a user may not ask for."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path as File

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion.assumptions import Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun, run
from margin.contagion.losses import absorb
from margin.contagion.path import Path
from margin.contagion.payers import Losses, Payer
from margin.contagion.population import Kind, Population
from margin.contagion.regimes import factorial, regime_of
from margin.contagion.waterfalls import applies, order_of, payers_of
from margin.default_waterfall import Means, WaterfallError
from margin.waterfall_file import named, read_waterfall

HEAD = 'name = "own"\ntitle = "Own"\ncustody = "pooled"\nmaintenance = "x"\npath = "x"\n'
BARE = {"venue.insurance_fund_usd": 1e5, "venue.capital_usd": 1e5, "venue.custodian_guarantee_usd": 1e5}


def step(means: str, more: str = "") -> str:
    return f'[[step]]\nmeans = "{means}"\npayer = "p"\nsource = "s"\nconfidence = "A"\n{more}'


def read(folder: File, text: str) -> tuple[Means, ...]:
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return payers_of(read_waterfall(folder / "own.toml"))


def test_the_packaged_defaults_are_the_regimes_own() -> None:
    assert payers_of(named("pooled")) == order_of(regime_of("pooled_instant"))
    assert payers_of(named("segregated")) == order_of(regime_of("segregated_grace"))


def test_a_waterfall_is_for_its_form_of_custody() -> None:
    for regime in factorial():
        assert applies(named("pooled"), regime) != applies(named("segregated"), regime)


def test_payers_pay_in_the_order_of_the_file(inputs: Inputs, tmp_path: File) -> None:
    """Losses that use up what comes first, under two orders: the same whole, paid by others, to the micro-dollar."""
    asked = replace(inputs, a=inputs.a.changed(BARE))
    orders = [read(tmp_path, HEAD + "".join(map(step, names))) for names in (
        ("own_collateral", "winners"), ("venue_capital", "insurance_fund"), ("insurance_fund", "own_top_up"),
    )]  # fmt: skip
    alone, capital_first, fund_first = (run(replace(asked, payers=one), audited=True).losses.paid for one in orders)
    assert set(+alone) == {Payer.SOCIALISED}
    assert set(+capital_first) == {Payer.VENUE_CAPITAL, Payer.INSURANCE_FUND, Payer.UNPAID}
    assert set(+fund_first) == {Payer.INSURANCE_FUND, Payer.OWN_TOP_UP, Payer.UNPAID}
    assert sum(alone.values()) > 0


POTS = (Means.OWN_TOP_UP, Means.INSURANCE_FUND, Means.GUARANTEE_LINE, Means.VENUE_CAPITAL, Means.ADL, Means.WINNERS)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(POTS).flatmap(lambda one: st.integers(0, 6).map(lambda many: tuple(one[:many]))))
def test_the_whole_of_a_loss_is_paid_whoever_pays(fallen: Run, order: tuple[Means, ...]) -> None:
    """Some long accounts are emptied after a fall: all that they lack has a payer's name, and the books add up."""
    books, losses = deepcopy(fallen.books), Losses()
    longs = np.flatnonzero(books.rows.lots > 0)
    owner = np.unique(books.owner[longs])[::50].astype(np.int32)
    kind = books.population.clients.kind[books.population.accounts.client[owner]]
    owner = owner[kind < Kind.MARKET_MAKER]
    lacking = 5_000_000_000 + books.rows.principal[owner] + books.rows.realised[owner]
    books.rows.realised[owner] -= lacking
    books.brought_units -= int(lacking.sum())  # it is as if each had taken so much away
    assert absorb(books, fallen.prices, owner, order, losses, sponsored=False) in (True, False)
    assert sum(losses.paid.values()) == 5_000_000_000 * len(owner)
    assert not (books.rows.principal[owner] + books.rows.realised[owner] < 0).any()
    books.audit(fallen.prices)


@pytest.fixture(scope="module")
def fallen(assumptions: Assumptions, people: Population, crash: Path) -> Run:
    """Half-way down, before anybody has lost more than it had."""
    made = begun(Inputs(assumptions.changed(BARE), people, crash, regime_of("pooled_grace"), Channels.NONE, 1))
    for _ in range(500):
        made.advance()
    return made


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([step("backstop")], "backstop is not simulated: expected one of own_top_up"),
        ([step("claims")], "claims is not simulated"),
        ([step("insurance_fund", "fall_bps = 3000\nwindow_s = 28800\n")], "a fund that stops early is not simulated"),
        ([step("adl", 'rank = "pro_rata"\nprice = "bankruptcy"\ncloses = "what_is_needed"\n')], "or means = winners"),
        ([step("own_collateral")], "expected a payer after the account's own collateral"),
    ],
)
def test_what_is_not_simulated_is_refused(tmp_path: File, steps: list[str], complaint: str) -> None:
    with pytest.raises(WaterfallError, match=complaint):
        read(tmp_path, HEAD + "".join(steps))


def test_slices_are_no_part_of_the_order(tmp_path: File) -> None:
    rule = 'slice_bps = 2000\nsmall = "100000"\npause_s = 30\nbackstop = "2/3"\n'
    with pytest.raises(WaterfallError, match=r"--set call\.slice_share"):
        read(tmp_path, HEAD + rule + step("insurance_fund"))
