"""Run by a rival's own Python: the same rule as agents of a Mesa model, one object an account. Says JSON."""

import json
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # what is used of a framework that is installed nowhere else

    class Model:
        agents: Any

        def __init__(self, seed: int) -> None: ...

    class Agent:
        model: Any

        def __init__(self, model: Model) -> None: ...

        @classmethod
        def create_agents(cls, model: Model, count: int, *columns: Any) -> Any: ...

        def remove(self) -> None: ...

else:
    from mesa import Agent, Model

PPM = 1_000_000


class Market(Model):
    """All accounts look at each mark, through the framework's own set of agents; who is closed leaves it."""

    def __init__(self, book: Any) -> None:
        super().__init__(seed=1)
        self.entry, self.rate_ppm = int(book["entry"][0]), int(book["rate_ppm"][0])
        self.mark, self.closed = self.entry, list[int]()
        cash, lots = book["cash_units"].tolist(), book["lots"].tolist()
        Account.create_agents(self, len(lots), list(range(len(lots))), cash, lots)

    def step(self) -> None:
        self.agents.do("look")


class Account(Agent):
    """Whoever has less than the rate of what it holds is closed."""

    def __init__(self, model: Market, number: int, cash: int, lots: int) -> None:
        super().__init__(model)
        self.number, self.cash, self.lots = number, cash, lots

    def look(self) -> None:
        market = self.model
        equity = self.cash + self.lots * (market.mark - market.entry)
        if equity * PPM < abs(self.lots) * market.mark * market.rate_ppm:
            market.closed.append(self.number)
            self.remove()


def run(file: str) -> dict[str, Any]:
    book = np.load(file)
    market = Market(book)
    counts, seen = [], 0
    started = perf_counter()
    for mark in book["marks"].tolist():
        market.mark = mark
        market.step()
        counts.append(len(market.closed) - seen)
        seen = len(market.closed)
    return {"took_s": perf_counter() - started, "closed": counts, "who": sorted(market.closed)}


if __name__ == "__main__":
    json.dump(run(sys.argv[1]), sys.stdout)
