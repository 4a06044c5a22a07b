"""Ledger and chain at one block: compartments, supplies, reserves and wrappers, read and handed to the rules."""

from collections.abc import Iterator

from eth_utils.crypto import keccak

from settlement.contracts import MINTER, TOKEN, VAULT
from settlement.derive_adapter import DeriveVenue
from settlement.rebuild import listings
from settlement.reconciling.amounts import InFlight, Line, Worth, compare_lines
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.backing import compare_backing
from settlement.reconciling.breaks import Break, BreakType, Outcome, Source
from settlement.reconciling.in_books import InBooks, Waiting
from settlement.reconciling.positions import NOTHING, Beside, compare_positions
from settlement.reconciling.stating import compare_statement
from settlement.reconciling.whereabouts import TokenAt, Whereabouts, WrapperAt

CREDITED = "0x" + keccak(text="CompartmentCredited(address,address,address,uint256)").hex()


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
