"""A day's transfers on a small ledger, and what a subcommand said: for the tests of `bulkhead ledger`."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from custody.accounts import Chart

DONE, FAILED, USAGE = 0, 1, 2
CHART = Chart("USDC")
VAULT, FUND, HEDGER = CHART.vault().id, CHART.available("fund").id, CHART.available("hedger").id
ACCOUNTS = [CHART.vault(), CHART.available("fund"), CHART.available("hedger"), CHART.suspense()]
DEPOSIT = {"id": "deposit", "debit_account": VAULT, "credit_account": FUND, "amount": "100", "reason": "deposit"}
HOLD = {
    "id": "hold", "debit_account": FUND, "credit_account": HEDGER, "amount": 30, "reason": "conversion",
    "kind": "pending", "reference": "swap",
}  # fmt: skip
PART = {"id": "part", "kind": "post", "pending_id": "hold", "amount": "20", "reason": "conversion", "reference": "swap"}
TOO_MUCH = {**DEPOSIT, "id": "too-much", "debit_account": FUND, "credit_account": HEDGER, "amount": 81}


@dataclass(frozen=True, slots=True)
class Ran:
    """A subcommand's exit code, and what it wrote to standard output and standard error."""

    status: int
    said: str
    complained: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.said.splitlines()]


Run = Callable[..., Ran]


def balances_in(ran: Ran) -> dict[object, object]:
    """The balance of each account in a listing."""
    return {line["id"]: line["balance"] for line in ran.lines}
