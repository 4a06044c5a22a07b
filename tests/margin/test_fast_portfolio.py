"""The fast path of portfolio margin: it agrees with the exact one, and what moves is all that is computed again."""

from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from margin.fast import fast_portfolio
from margin.fast.account_columns import AccountColumns, ColumnsError
from margin.fast.account_loading import kinds_of, portfolio_accounts
from margin.fast.board import Board, Listed
from margin.fast.fast_portfolio import PortfolioTable
from margin.fixed import ONE, Fixed
from margin.marks import Market, MissingMarkError
from margin.portfolio_parameters import CollateralPortfolio, ParameterError, PlainPortfolio
from margin.positions import Collateral, Holdings, Option
from margin.svi import Svi
from tests.margin import fast_draws
from tests.margin.twins import BOUND, portfolio_errors

ACCOUNTS = 12


def drawn(seed: int, model: str) -> tuple[PlainPortfolio | CollateralPortfolio, tuple[Collateral, ...]]:
    draw = Random(seed)
    if model == "PMRM":
        return fast_draws.plain_parameters(draw), ()
    return fast_draws.collateral_parameters(draw), fast_draws.kinds(draw)


def accounts(seed: int, kinds: tuple[Collateral, ...]) -> list[tuple[Fixed, Holdings]]:
    draw = Random(seed)
    return [(fast_draws.fixed(draw, -5_000, 5_000), fast_draws.holdings(draw, kinds)) for _ in range(ACCOUNTS)]


@pytest.mark.parametrize("model", ["PMRM", "PMRM_2"])
def test_both_paths_agree_on_accounts_that_share_options(model: str) -> None:
    decided: Counter[int] = Counter()
    for seed in range(8):
        parameters, kinds = drawn(seed, model)
        draw = Random(seed)
        stable, market = fast_draws.stable_price(draw), fast_draws.market(draw)
        for exact, fast, error in portfolio_errors(parameters, stable, market, accounts(seed, kinds)):
            assert error < BOUND, (seed, error)
            binding = -1 if exact.binding is None else exact.binding
            losses = sorted([exact.basis, *exact.scenario_pnl])
            if losses[1] - losses[0] > Fixed.of("0.000001"):
                assert fast.binding == binding
                decided[binding] += 1
    # Every scenario decides somewhere, and so does the basis.
    assert set(decided) == set(range(-1, len(parameters.scenarios)))


class TestMarksThatMove:
    """A table that took new marks answers as one that was made at them; what it says is touched, and no more."""

    def setup_method(self) -> None:
        draw = Random(5)
        self.parameters, self.kinds = drawn(5, "PMRM_2")
        self.market = fast_draws.market(draw)
        self.accounts = accounts(5, self.kinds)
        held = [one for _, one in self.accounts]
        self.kinds = kinds_of(held)
        self.board = Board.of(Listed.of(option) for one in held for option in one.options)
        self.columns = portfolio_accounts(self.board, self.accounts, self.kinds)

    def table(self, market: Market) -> PortfolioTable:
        return PortfolioTable(self.parameters, ONE, market, self.board, self.kinds)

    def moved_to(self, market: Market) -> list[int]:
        """The accounts that are touched, after a look at every figure."""
        table = self.table(self.market)
        answer = table.estimate(self.columns)
        touched = table.touched(self.columns, table.move(market))
        before = answer._replace(**{name: column.copy() for name, column in answer._asdict().items()})
        table.update(answer, self.columns, touched)
        for ours, fresh, old in zip(answer, self.table(market).estimate(self.columns), before, strict=True):
            assert np.array_equal(ours, fresh)
            unchanged = np.ones(len(old), bool)
            unchanged[touched] = False
            assert np.array_equal(ours[unchanged], old[unchanged])
        return [int(one) for one in touched]

    def holders_of(self, seconds: int) -> list[int]:
        return [at for at, (_, held) in enumerate(self.accounts) if any(one.seconds == seconds for one in held.options)]

    def test_nothing_moved(self) -> None:
        assert self.moved_to(replace(self.market)) == []

    def test_many_cores_price_as_one_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        alone = self.table(self.market).estimate(self.columns)
        monkeypatch.setattr(fast_portfolio, "_FEW", 0)
        shared = self.table(self.market).estimate(self.columns)
        for ours, other in zip(alone, shared, strict=True):
            assert np.array_equal(ours, other)

    def test_a_forward_touches_those_who_hold_its_expiry(self) -> None:
        seconds = fast_draws.SECONDS[3]
        expiry = replace(self.market.expiry(seconds), forward_variable=Fixed.of(2_222))
        touched = self.moved_to(replace(self.market, expiries={**self.market.expiries, seconds: expiry}))
        assert touched == self.holders_of(seconds)
        assert 0 < len(touched) < ACCOUNTS

    def test_a_surface_touches_those_who_hold_its_expiry(self) -> None:
        seconds = fast_draws.SECONDS[2]
        expiry = self.market.expiry(seconds)
        assert isinstance(expiry.surface, Svi)
        moved = replace(expiry, surface=replace(expiry.surface, a=expiry.surface.a * 2))
        touched = self.moved_to(replace(self.market, expiries={**self.market.expiries, seconds: moved}))
        # A strike of zero has no volatility that could move.
        held = {at for at in self.holders_of(seconds) if self.holds_a_strike(at, seconds)}
        assert touched == sorted(held)

    def holds_a_strike(self, account: int, seconds: int) -> bool:
        return any(one.seconds == seconds and one.strike for one in self.accounts[account][1].options)

    def test_a_perpetual_touches_those_who_hold_it(self) -> None:
        perp = replace(self.market.perp, price=Fixed.of(2_111), confidence=Fixed.of("0.1"))
        touched = self.moved_to(replace(self.market, perp=perp))
        assert touched == [at for at, (_, held) in enumerate(self.accounts) if held.perp]
        assert 0 < len(touched) < ACCOUNTS

    def test_spot_touches_everyone(self) -> None:
        spot = replace(self.market.spot, price=Fixed.of(1_999))
        assert self.moved_to(replace(self.market, spot=spot)) == list(range(ACCOUNTS))

    def test_a_missing_mark_changes_nothing(self) -> None:
        table = self.table(self.market)
        before = table.estimate(self.columns)
        others = dict(list(self.market.expiries.items())[1:])
        with pytest.raises(MissingMarkError, match="no forward and volatilities of the expiry in 0 s"):
            table.move(replace(self.market, expiries=others))
        assert all(map(np.array_equal, table.estimate(self.columns), before))


def test_a_trade_is_as_if_it_had_been_there_all_along() -> None:
    """Positions that come, change and go, against columns that are loaded anew."""
    draw = Random(11)
    parameters, _ = drawn(11, "PMRM")
    market = fast_draws.market(draw)
    listed = [Option(seconds, strike, is_call, ONE) for seconds in fast_draws.SECONDS
              for strike in fast_draws.STRIKES for is_call in (False, True)]  # fmt: skip
    board = Board.of(map(Listed.of, listed))
    table = PortfolioTable(parameters, ONE, market, board)
    columns = portfolio_accounts(board, [(ONE, Holdings())] * 4)
    held: dict[tuple[int, Option], Fixed] = {}
    for _ in range(300):
        account, option, amount = draw.randrange(4), draw.choice(listed), Fixed.of(draw.randint(-2, 2))
        columns.set_option(account, board.row[Listed.of(option)], float(amount))
        held[account, option] = amount
        options = [replace(one, amount=size) for (of, one), size in held.items() if of == account and size]
        anew = portfolio_accounts(board, [(ONE, Holdings(options=tuple(options)))])
        ours, theirs = table.estimate_one(columns, account), table.estimate_one(anew, 0)
        assert ours[:5] == theirs[:5]
    assert len(held) > 150


def test_a_skew_needs_its_numbers_and_a_forward() -> None:
    parameters, _ = drawn(1, "PMRM_2")
    assert isinstance(parameters, CollateralPortfolio)
    board = Board.of([Listed.of(Option(3_600, ONE, True, ONE))])
    market = fast_draws.market(Random(1))
    with pytest.raises(ParameterError, match="skew_shock"):
        PortfolioTable(replace(parameters, skew_shock=None), ONE, market, board)
    dead = replace(market.expiry(3_600), forward_variable=Fixed(0))
    with pytest.raises(MissingMarkError, match="no forward above zero of the expiry in 3600 s"):
        PortfolioTable(parameters, ONE, replace(market, expiries={3_600: dead}), board)


def test_accounts_of_another_board_are_refused() -> None:
    parameters, _ = drawn(1, "PMRM")
    market, one = fast_draws.market(Random(1)), Option(3_600, ONE, True, ONE)
    table = PortfolioTable(parameters, ONE, market, Board.of([Listed.of(one)]))
    for other in (AccountColumns(4, 2), AccountColumns(4, 1, kinds=2), AccountColumns(4, 1, markets=2)):
        with pytest.raises(ColumnsError, match="columns of"):
            table.estimate(other)
    with pytest.raises(ColumnsError, match="numbered from 0 to 3"):
        table.update(table.estimate(AccountColumns(4, 1)), AccountColumns(4, 1), np.array([4]))
    with pytest.raises(ColumnsError, match="numbered from 0 to 3"):
        table.estimate_one(AccountColumns(4, 1), 4)


def test_a_price_of_zero_is_no_price() -> None:
    parameters, _ = drawn(1, "PMRM")
    market, one = fast_draws.market(Random(1)), Option(3_600, ONE, True, ONE)
    board, none = Board.of([Listed.of(one)]), Fixed(0)
    for stable, spot in ((none, market.spot), (ONE, replace(market.spot, price=none))):
        with pytest.raises(MissingMarkError, match="no price above zero of spot or of the stablecoin"):
            PortfolioTable(parameters, stable, replace(market, spot=spot), board)
    table = PortfolioTable(parameters, ONE, replace(market, perp=replace(market.perp, price=none)), board)
    columns = AccountColumns(2, 1)
    assert table.estimate_one(columns, 1).initial == 0
    columns.perp[1, 0] = 1.0
    with pytest.raises(MissingMarkError, match="no price above zero of the perpetual"):
        table.estimate(columns)


def test_collateral_that_the_model_does_not_take_is_refused() -> None:
    collateral, board = fast_draws.kinds(Random(1))[0], Board.of([])
    with pytest.raises(ColumnsError, match=r"account 0 holds \['base'\]"):
        portfolio_accounts(board, [(ONE, Holdings(base=ONE))], [collateral])
    with pytest.raises(ColumnsError, match=r"account 1 holds \['wrapped'\]"):
        portfolio_accounts(board, [(ONE, Holdings()), (ONE, Holdings(collaterals=(collateral,)))])
