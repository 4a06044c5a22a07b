"""Ledger and chain at one block: compartments, supplies, positions and wrappers, read and handed to the rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from settlement.contracts import MINTER, POSITIONS, TOKEN, VAULT
from settlement.derive_adapter import DeriveVenue
from settlement.rebuild import listings, rebuilt
from settlement.reconciling.amounts import InFlight, Line, Worth, compare_lines
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.backing import compare_backing
from settlement.reconciling.breaks import Break, BreakType, Outcome, Source
from settlement.reconciling.in_books import InBooks, Waiting
from settlement.reconciling.mirrored import Mirrored
from settlement.reconciling.statement import Statement
from settlement.reconciling.stating import compare_statement, same_cut_off
from settlement.reconciling.whereabouts import TokenAt, Whereabouts, WrapperAt
from settlement.replica import Key

CREDITED = "0x" + keccak(text="CompartmentCredited(address,address,address,uint256)").hex()
AT_ONCE = 2_000
"""Positions in one question: more cost a node more gas than it lets a question have."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What else there is to hold against ledger and chain: the engine's own record, a venue's statement."""

    mirrored: Mirrored | None = None
    statement: Statement | None = None


NOTHING = Beside()


def compare(state: AtBlock, books: InBooks, where: Whereabouts, beside: Beside = NOTHING) -> Outcome:
    """Everything that the file names. Raises ChainError, RebuildError, ReplicaError where a record cannot be read."""
    total = compare_lines(_compartments(state, books, where)) + compare_lines(_strangers(state, where))
    total += compare_lines(_supplies(state, books, where)) + compare_positions(state, where, beside)
    total += _reserves(state, where)
    for wrapper in where.wrappers:
        total += _wrapped(state, books, where.asset_at(wrapper.symbol), wrapper)
    if beside.statement is not None:
        sizes = {
            number: one.lot_size_e18 for number, one in listings(state.node, where.position_book, state.up_to).items()
        }
        total += compare_statement(state, books, where, beside.statement, beside.mirrored, sizes)
    state.require_kept()
    return total


def compare_positions(state: AtBlock, where: Whereabouts, beside: Beside = NOTHING) -> Outcome:
    """The book's storage against the fold of all calldata that it took: in every instrument, whoever ever traded and
    whoever has a compartment. The engine's own record and the venue's statement are held against the same storage.
    """
    book = where.position_book
    replica = rebuilt(state.node, book, state.up_to)
    traded = {account.lower() for account, _ in replica.positions}
    stated = beside.statement.positions if beside.statement else {}
    mirrored = beside.mirrored.positions if beside.mirrored else {}
    named = {one.holder.lower() for one in where.compartments} | {key[0].lower() for key in (*stated, *mirrored)}
    accounts = sorted(traded | named)
    # Also what nobody ever traded: a position that no batch brought stands there.
    keys = [(account, number) for account in accounts for number in sorted(replica.lot_sizes_e18)]
    lines = []
    for key, lots in zip(keys, _positions(state, book, keys), strict=True):
        price_e6 = replica.marks[key[1]].price_e6 if key[1] in replica.marks else 0
        worth = Worth(price_e6 * replica.lot_sizes_e18[key[1]], 10**18)
        said = {Source.LEDGER: replica.positions.get(key, 0), Source.CHAIN: lots}
        lines.append(Line("position", f"{key[0]} in instrument {key[1]}", said, worth=worth))
        lines += _beside(key, lots, worth, beside)
    return compare_lines(lines) + (same_cut_off(beside.statement, beside.mirrored) if beside.statement else Outcome())


def _beside(key: Key, lots: int, worth: Worth, beside: Beside) -> Iterator[Line]:
    """The same position as the engine has it and as the venue states it, each where there is one to speak of it."""
    said: dict[Source, int | None] = {}
    in_flight: tuple[InFlight, ...] = ()
    if beside.mirrored is not None:
        said[Source.LEDGER] = beside.mirrored.positions.get(key, 0)
        in_flight = beside.mirrored.in_flight.get(key, ())
    if beside.statement is not None and key[1] in beside.statement.numbers.values():
        said[Source.VENUE] = beside.statement.positions.get(key)
    if said:
        what = "mirrored position"
        yield Line(what, f"{key[0]} in instrument {key[1]}", said | {Source.CHAIN: lots}, 1, in_flight, worth)


def _positions(state: AtBlock, book: str, keys: Sequence[Key]) -> Iterator[int]:
    for part in (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE)):
        accounts, numbers = [account for account, _ in part], [number for _, number in part]
        yield from state.read(POSITIONS, book, "positionsOf", accounts, numbers)


def _compartments(state: AtBlock, books: InBooks, where: Whereabouts) -> Iterator[Line]:
    for one in where.compartments:
        token = where.asset_at(one.account.partition("/")[0])
        found = state.read(VAULT, where.vault, "balanceOf", one.holder, one.venue, token.token)
        yield _line("compartment", one.account, books, token, found)


def _strangers(state: AtBlock, where: Whereabouts) -> Iterator[Line]:
    """Compartments that were ever credited, of holders whom the file does not name."""
    tokens = {one.token.lower(): one for one in where.assets}
    known = {
        (one.holder.lower(), one.venue.lower(), where.asset_at(one.account.partition("/")[0]).token.lower())
        for one in where.compartments
    }
    credited = {
        tuple("0x" + topic[-40:].lower() for topic in log["topics"][1:]) for log in state.logs(where.vault, [CREDITED])
    }
    for holder, venue, address in sorted(credited - known):
        token, found = tokens.get(address), state.read(VAULT, where.vault, "balanceOf", holder, venue, address)
        worth = _worth(token) if token else Worth(0)
        said = {Source.LEDGER: None, Source.CHAIN: found}
        yield Line("compartment", f"{holder} at {venue}", said, worth=worth)


def _supplies(state: AtBlock, books: InBooks, where: Whereabouts) -> Iterator[Line]:
    for token in where.assets:
        units, scale = books.claims.get(token.symbol, 0), token.asset.to_chain(1)
        supply = state.read(TOKEN, token.token, "totalSupply")
        said = {Source.LEDGER: units * scale, Source.CHAIN: supply}
        waits = _in_flight(books.waiting_claims(token.symbol), scale)
        yield Line("token supply", token.symbol, said, scale, waits, _worth(token))
        inside = [
            state.read(VAULT, where.vault, "balanceOf", one.holder, one.venue, token.token)
            for one in where.compartments
            if one.account.startswith(f"{token.symbol}/")
        ]
        wrapped = [
            state.read(TOKEN, token.token, "balanceOf", one.wrapper)
            for one in where.wrappers
            if one.symbol == token.symbol
        ]
        # What is neither in a compartment nor in a wrapper is in nobody's: minted past the vault, or on its way out.
        said = {Source.LEDGER: sum(inside) + sum(wrapped), Source.CHAIN: supply}
        yield Line("claims that stand somewhere", token.symbol, said, scale, (), _worth(token))


def _reserves(state: AtBlock, where: Whereabouts) -> Outcome:
    """What the custodian has attested of each token, against its supply: a claim without a reserve is a break."""
    minters = [one.address for one in where.contracts if one.name == MINTER.name]
    if not minters:
        return Outcome()
    breaks = []
    for token in where.assets:
        reserves, _, as_of_s, _ = state.read(MINTER, minters[0], "attestedOf", token.token)
        supply = state.read(TOKEN, token.token, "totalSupply")
        if supply > reserves:
            said = {Source.LEDGER: reserves, Source.CHAIN: supply}
            effect = _worth(token).effect_e6(supply - reserves)
            kind = BreakType.AMOUNT if as_of_s else BreakType.MISSING
            breaks.append(Break(kind, "attested reserves", token.symbol, Source.LEDGER, said, "", as_of_s, effect))
    return Outcome(tuple(breaks), (), len(where.assets))


def _wrapped(state: AtBlock, books: InBooks, token: TokenAt, wrapper: WrapperAt) -> Outcome:
    venue = DeriveVenue(wrapper.sub_accounts, wrapper.wrapper, token.token, token.asset)
    backing = venue.backing(state)
    worth = Worth(token.price_e6, 10**18)
    scale = venue.to_e18(1)
    named = {one.number for one in wrapper.held}
    strange = {number: found for number, found in backing.credited_e18.items() if number not in named}
    lines = [
        Line("sub-account", f"{number} at {wrapper.wrapper}", {Source.LEDGER: None, Source.VENUE: found}, worth=worth)
        for number, found in strange.items()
    ]
    for one in wrapper.held:
        found = backing.credited_e18.get(one.number, 0)
        units = books.balances.get(one.account)
        said = {Source.LEDGER: None if units is None else units * scale, Source.VENUE: found}
        waits = _in_flight(books.waiting.get(one.account, ()), scale)
        lines.append(Line("sub-account", one.account, said, scale, waits, worth, is_account=True))
    return compare_backing(backing, worth) + compare_lines(lines)


def _line(what: str, account: str, books: InBooks, token: TokenAt, found: int) -> Line:
    scale, units = token.asset.to_chain(1), books.balances.get(account)
    said = {Source.LEDGER: None if units is None else units * scale, Source.CHAIN: found}
    waits = books.waiting.get(account, ())
    return Line(what, account, said, scale, _in_flight(waits, scale), _worth(token), is_account=True)


def _in_flight(waits: tuple[Waiting, ...], scale: int) -> tuple[InFlight, ...]:
    return tuple(InFlight(one.id, one.units * scale) for one in waits)


def _worth(token: TokenAt) -> Worth:
    return Worth(token.price_e6, 10**token.chain_decimals)
