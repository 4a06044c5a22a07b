"""The work of `bulkhead stress costs`: closed forms beside each other, and what they are worth it for
(specs/contagion.md §9, §12)."""

import sys
from collections.abc import Iterator, Mapping

from margin.contagion.assumptions import Assumptions
from margin.contagion.costs import Costs, costs, grace_cost, several_share, unsettled
from margin.contagion.laws import draw_population
from margin.contagion.phase import FTX_LOSS, break_even
from margin.contagion.regimes import NAMED
from settlement.commands.fields import InputError
from settlement.commands.printing import print_line, print_rows
from settlement.commands.running import DONE
from settlement.commands.stress_listing import assumptions_in, table_digest

STRESSED = 0.15
"""A day's volatility in the first week of February 2026 (specs/contagion.md §9)."""
LITERATURE_BPS = 25
_COLUMNS = ("regime", "fee", "haircuts", "lost_netting", "total", "worth_it_at")


def tell_costs(accounts: int, seed: int, assumptions: str, *, as_json: bool) -> int:
    """Raises InputError for numbers and files that cannot be."""
    if accounts < 100:
        raise InputError(f"--accounts: at least 100, not {accounts}")
    a = assumptions_in(assumptions)
    several = several_share(draw_population(a, seed, accounts))
    loss = 1.0 - a["venue.default_recovery"]
    rows = [_row(name, costs(a, regime, several), loss, as_json) for name, regime in NAMED.items()]
    if not as_json:
        print_line(f"regimes fixed before the run: {table_digest()}")
    print_rows(_COLUMNS, rows, amounts=() if as_json else _COLUMNS[1:], as_json=as_json)
    for line in _beside(a, several, loss):
        if as_json:
            sys.stderr.write(f"{line}\n")
        else:
            print_line(line)
    return DONE


def _row(name: str, found: Costs, loss: float, as_json: bool) -> Mapping[str, object]:
    """Basis points of balances a year, and the yearly odds of a default at which all of it is worth it."""
    parts = (found.fee_bps, found.haircuts_bps, found.lost_netting_bps, found.total_bps)
    if as_json:
        odds = break_even(found.total_bps, loss) if found.total_bps and loss > 0.0 else None
        return dict(zip(_COLUMNS, (name, *parts, odds), strict=True))
    if not found.total_bps:
        return dict.fromkeys(_COLUMNS, "") | {"regime": name, "total": "none", "worth_it_at": "bears the default"}
    odds_told = f"{break_even(found.total_bps, loss):.2%} a year" if loss > 0.0 else "never"
    return dict(zip(_COLUMNS, (name, *(f"{one:.1f} bp" for one in parts), odds_told), strict=True))


def _beside(a: Assumptions, several: float, loss: float) -> Iterator[str]:
    """What the table rests on, and what is no cost of a year."""
    yield (
        f"a default takes {loss:.1%} of balances; capital costs {a['cost.capital_bps']:g} bp a year; {several:.1%} of "
        "collateral is theirs who have accounts at several venues"
    )
    yield f"literature: {LITERATURE_BPS} bp / {FTX_LOSS:.3f} = {break_even(LITERATURE_BPS):.2%} a year (FTX's petition)"
    ordinary = a.instruments[0].daily_volatility
    for one in unsettled(ordinary, STRESSED):
        yield (
            f"settled every {one.hours:g} h: {one.ordinary:.2%} of notional is unsettled on average at {ordinary:.1%} "
            f"a day, {one.stressed:.1%} at {STRESSED:.0%}; half of it is owed to winners, without security"
        )
    yield (
        f"a grace window of {a['call.grace_s'] / 60.0:g} min: {grace_cost(a, ordinary) * 1e4:.1f} bp of notional in "
        f"shortfall at {ordinary:.1%} a day, {grace_cost(a, STRESSED) * 1e4:.0f} bp at {STRESSED:.0%}"
    )
