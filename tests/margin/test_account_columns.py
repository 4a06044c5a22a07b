"""Blocks of positions: whatever comes and goes, they hold what a plain table holds, sorted, and nobody else's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.fast.account_columns import AccountColumns, ColumnsError

ACCOUNTS, OPTIONS = 3, 9
CHANGES = st.lists(
    st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(0, OPTIONS - 1), st.sampled_from([-1.5, 0.0, 2.0])), max_size=60
)


def held_by(columns: AccountColumns, account: int) -> dict[int, float]:
    options, amounts = columns.options_of(account)
    assert list(options) == sorted(set(options.tolist()))
    return dict(zip(options.tolist(), amounts.tolist(), strict=True))


# The first example waits for the compiler.
@settings(deadline=None)
@given(CHANGES, CHANGES)
def test_columns_are_a_table(loaded: list[tuple[int, int, float]], changes: list[tuple[int, int, float]]) -> None:
    table = {(account, option): amount for account, option, amount in loaded}
    columns = AccountColumns(ACCOUNTS, OPTIONS)
    columns.load([key[0] for key in table], [key[1] for key in table], list(table.values()))
    for account, option, amount in changes:
        columns.set_option(account, option, amount)
        table[account, option] = amount
        if not amount:
            del table[account, option]
    for account in range(ACCOUNTS):
        assert held_by(columns, account) == {option: one for (of, option), one in table.items() if of == account}
    for option in range(OPTIONS):
        asked = np.arange(OPTIONS) == option
        assert columns.holders(asked).tolist() == [(account, option) in table for account in range(ACCOUNTS)]


REFUSED = {
    "columns of different lengths": ([0, 1], [0], [1.0]),
    "accounts are numbered from 0 to 2": ([3], [0], [1.0]),
    "options are numbered from 0 to 8": ([0], [-1], [1.0]),
    "accounts are numbered": ([0.5], [0], [1.0]),
    "an amount is not finite": ([0], [0], [float("nan")]),
    "an account holds an option twice": ([1, 0, 1], [4, 4, 4], [1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_no_account_is_refused(why: str) -> None:
    with pytest.raises(ColumnsError, match=why):
        AccountColumns(ACCOUNTS, OPTIONS).load(*REFUSED[why])


@pytest.mark.parametrize(("account", "option", "amount"), [(3, 0, 1.0), (-1, 0, 1.0), (0, 9, 1.0), (0, 0, np.inf)])
def test_a_change_out_of_range_is_refused(account: int, option: int, amount: float) -> None:
    with pytest.raises(ColumnsError, match=f"account {account} cannot hold {amount} of option {option}"):
        AccountColumns(ACCOUNTS, OPTIONS).set_option(account, option, amount)


def test_a_position_takes_twelve_bytes() -> None:
    columns = AccountColumns(1_000, OPTIONS)
    empty = columns.size_bytes
    columns.load(np.repeat(np.arange(1_000), OPTIONS), np.tile(np.arange(OPTIONS), 1_000), np.ones(1_000 * OPTIONS))
    assert columns.size_bytes - empty == 12 * 1_000 * OPTIONS


@pytest.mark.parametrize("sizes", [(8, 1, 1), (9, 2, 1), (9, 1, 2)])
def test_a_kernel_gets_no_columns_that_are_too_few(sizes: tuple[int, int, int]) -> None:
    columns = AccountColumns(ACCOUNTS, OPTIONS)
    assert columns.held_as(9, 1, 1).perp.shape == (ACCOUNTS, 1)
    with pytest.raises(ColumnsError, match=r"columns of \(9, 1, 1\) options, underlyings and kinds"):
        columns.held_as(*sizes)


@pytest.mark.parametrize(("first", "last"), [(-1, 0), (0, 3)])
def test_a_kernel_gets_no_account_that_is_not_there(first: int, last: int) -> None:
    columns = AccountColumns(ACCOUNTS, OPTIONS)
    columns.check_numbers(0, ACCOUNTS - 1)
    with pytest.raises(ColumnsError, match="accounts are numbered from 0 to 2"):
        columns.check_numbers(first, last)
