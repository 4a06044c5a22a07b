"""Cash of a venue: interest of borrowers to lenders, and losses that all of it bears (specs/derive_margin.md §10).

State is a value; each step answers the next one. Amounts in USD of the settlement stablecoin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from margin.black76 import YEAR_S
from margin.fixed import ONE, ZERO, Fixed, positive
from margin.functions import exp


@dataclass(frozen=True, slots=True)
class CashParameters:
    """Rates a year as fractions; `sm_fee` is the security module's share of interest."""

    min_rate: Fixed
    rate_multiplier: Fixed
    high_rate_multiplier: Fixed
    optimal_util: Fixed
    sm_fee: Fixed

    def rate(self, utilisation: Fixed) -> Fixed:
        """The borrowing rate: a line, and a steeper one above the optimal utilisation."""
        below, above = min(utilisation, self.optimal_util), positive(utilisation - self.optimal_util)
        return self.min_rate + self.rate_multiplier * below + self.high_rate_multiplier * above


@dataclass(frozen=True, slots=True)
class Account:
    """A balance as it stood when last touched, and the index of its side at that time."""

    balance: Fixed = ZERO
    index: Fixed = ONE


@dataclass(frozen=True, slots=True)
class Cash:
    """All cash: Σ of positive and of negative balances, what settlement created, fees, stablecoins held, indexes.

    `fee_before` is the security module's share before a loss was socialised; None while no withdrawal fee is on.
    """

    parameters: CashParameters
    supply: Fixed = ZERO
    borrow: Fixed = ZERO
    net: Fixed = ZERO
    fees: Fixed = ZERO
    stable: Fixed = ZERO
    supply_index: Fixed = ONE
    borrow_index: Fixed = ONE
    accounts: Mapping[str, Account] = field(default_factory=dict)
    fee_before: Fixed | None = None

    @classmethod
    def opened(cls, parameters: CashParameters, balances: Mapping[str, Fixed]) -> "Cash":
        """Balances before any interest; stablecoins are their sum."""
        supply = sum(map(positive, balances.values()), ZERO)
        stable = sum(balances.values(), ZERO)
        accounts = {name: Account(balance) for name, balance in balances.items()}
        return cls(parameters, supply, supply - stable, stable=stable, accounts=accounts)

    @property
    def utilisation(self) -> Fixed:
        """Borrowed over supplied, at most 1; 0 where nothing is borrowed or supplied."""
        if not self.borrow or not self.supply:
            return ZERO
        return min(self.borrow / (self.supply + positive(-self.net)), ONE)

    @property
    def total(self) -> Fixed:
        """What the stablecoins held must stand for."""
        return self.supply + self.fees - self.borrow - self.net

    @property
    def exchange_rate(self) -> Fixed:
        """Stablecoins per unit of cash, at most 1."""
        return min(ONE, self.stable / self.total) if self.total > 0 else ONE

    def accrued(self, seconds: int) -> "Cash":
        """After interest of a time."""
        if not seconds or not self.borrow:
            return self
        growth = exp(self.parameters.rate(self.utilisation) * seconds / YEAR_S) - 1
        interest = self.borrow * growth
        cut = interest * self.parameters.sm_fee
        borrow, supply = self.borrow + interest, self.supply + interest - cut
        return replace(
            self, borrow=borrow, supply=supply, fees=self.fees + cut,
            borrow_index=self.borrow_index * borrow / self.borrow,
            supply_index=self.supply_index * supply / self.supply if self.supply else self.supply_index,
        )  # fmt: skip

    def balance(self, name: str) -> Fixed:
        """A balance with its interest to the last accrual."""
        account = self.accounts.get(name, Account())
        index = self.borrow_index if account.balance < 0 else self.supply_index
        return account.balance * index / account.index

    def touched(self, name: str, amount: Fixed) -> "Cash":
        """After an amount has moved into (or out of) an account; accrue first."""
        before = self.balance(name)
        after = before + amount
        account = Account(after, self.borrow_index if after < 0 else self.supply_index)
        return replace(
            self,
            supply=self.supply + positive(after) - positive(before),
            borrow=self.borrow + positive(-after) - positive(-before),
            accounts={**self.accounts, name: account},
        )

    def settled(self, name: str, amount: Fixed) -> "Cash":
        """After a settlement of perpetuals or options: cash is created (or destroyed) for it."""
        return replace(self.touched(name, amount), net=self.net + amount)

    def deposited(self, name: str, stablecoins: Fixed) -> "Cash":
        """After stablecoins have come in (or gone out, below zero)."""
        return replace(self.touched(name, stablecoins), stable=self.stable + stablecoins)

    def socialised(self, loss: Fixed, receiver: str) -> "Cash":
        """After `loss` has been paid to `receiver` out of fees, or out of nothing: then everyone's cash is worth less.

        While it is, withdrawals pay a fee, and the security module takes all interest until the gap is closed.
        """
        fees = self.fees - loss if loss <= self.fees else ZERO
        after = replace(self, fees=fees).touched(receiver, loss)
        if after.exchange_rate >= 1 or after.fee_before is not None:
            return after
        asked = self.parameters.sm_fee
        return replace(after, fee_before=asked, parameters=replace(self.parameters, sm_fee=ONE))

    def withdrawn(self, name: str, stablecoins: Fixed) -> "Cash":
        """After a withdrawal; while the fee is on, more cash than that is destroyed for it."""
        price = stablecoins / self.exchange_rate if self.fee_before is not None else stablecoins
        return replace(self.touched(name, -price), stable=self.stable - stablecoins)

    def relieved(self) -> "Cash":
        """Without the withdrawal fee, once the exchange rate is back at 1; the same otherwise."""
        if self.fee_before is None or self.exchange_rate < 1:
            return self
        return replace(self, fee_before=None, parameters=replace(self.parameters, sm_fee=self.fee_before))

    def collected(self, security_module: str) -> "Cash":
        """After all fees have gone to the security module."""
        return replace(self.touched(security_module, self.fees), fees=ZERO)
