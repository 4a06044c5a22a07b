"""The other way: a population as the rows of a book, which read back give the same population to the byte."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.population import Kind, Population
from margin.contagion.venues import Venue


def rows_of(population: Population, a: Assumptions, venues: Sequence[Venue]) -> Iterator[Mapping[str, str]]:
    """Every position of everybody but the unlevered holders, who are made anew when it is read.

    Names are numbered so that their order is that of the population. Positions are at the start's price.
    """
    clients, accounts, positions = population.clients, population.accounts, population.positions
    names = names_of(population)
    for account, (name, client) in enumerate(zip(names, accounts.client.tolist(), strict=False)):
        own = {
            "account": name,
            "client": f"c{client:0{len(name) - 1}}",
            "venue": venues[accounts.venue[account]].name,
            "collateral": decimal(int(accounts.cash_units[account]), MICRO),
            "collateral_asset": "USD",
            "kind": Kind(clients.kind[client]).name.lower(),
            "outside": decimal(int(clients.outside_units[client]), MICRO),
            "delay": repr(float(clients.delay[client])),
            "stop": decimal(int(clients.stop_ppm[client]), MICRO),
            "enters": repr(float(clients.enters[client])),
        }
        held = range(int(positions.first[account]), int(positions.first[account + 1]))
        for at in held:
            traded = a.instruments[int(positions.instrument[at])]
            coins = decimal(int(positions.lots[at]) * traded.lot_coins_e18, 10**18)
            yield {**own, "instrument": traded.symbol, "position": coins, "entry_price": ""}
        if not held:
            yield {**own, "instrument": "", "position": "", "entry_price": ""}


def names_of(population: Population) -> tuple[str, ...]:
    """Of the accounts of everybody but the unlevered holders, who come last; in order as texts, too."""
    accounts = population.accounts
    count = int((population.clients.kind[accounts.client] != Kind.REST).sum())
    return tuple(f"a{number:0{len(str(len(accounts)))}}" for number in range(count))


def decimal(units: int, scale: int) -> str:
    """Units over a power of ten, exactly, without an exponent or zeros at its end."""
    text = format(Decimal(units).scaleb(-(len(str(scale)) - 1)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
