"""Digests, here and in Solidity: random batches, cycles and releases on a real chain, bit for bit."""

from collections import Counter
from collections.abc import Iterator

import pytest
from eth_abi.abi import decode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody.money import Asset
from custody.signers import LocalSigner
from custody.typed_data import Domain
from settlement.batch import GENESIS, MirrorBatch
from settlement.chain import Receipt
from settlement.chain_cycle import ChainCycle, Leg, legs_of
from settlement.contracts import POSITIONS, SETTLEMENT, VAULT, Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from settlement.releases import ExitRequest, Release

GENESIS_S = 1_769_000_000
EXAMPLES = 30
HOLDERS = [signer_of(f"client/{name}").address for name in ("carry", "hedger", "maker", "miner", "treasury")]
INT64, UINT64, UINT256 = 2**63, 2**64, 2**256

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
digests = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def book() -> Iterator[Contracts]:
    """One deployment for all examples: the mirror's chain of digests grows through them all."""
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        assets = (Asset("USDC", 6, 6), Asset("BTC", 8, 8))
        plan = Plan(assets, {"harbour": signer_of("venue/harbour")}, signer_of("custodian"), operator, 300)
        yield deploy(node, operator, plan)


def head(book: Contracts) -> tuple[int, bytes]:
    sequence, digest = book.chain.read(POSITIONS, book.positions, "head")
    return int(sequence), bytes(digest)


def send(book: Contracts, batch: MirrorBatch) -> Receipt:
    (receipt,) = book.chain.send_together([book.mirroring(batch)])
    return receipt


def emitted_digest(book: Contracts, tx_hash: str) -> bytes:
    """The digest in the one event of a mirrored batch."""
    (log,) = book.chain.node.rpc("eth_getTransactionReceipt", tx_hash)["logs"]
    assert log["topics"][0] == "0x" + keccak(text="BatchMirrored(uint64,bytes32,uint64,uint256)").hex()
    return bytes(decode(("bytes32", "uint64", "uint256"), bytes.fromhex(log["data"][2:]))[0])


# -- the mirror --------------------------------------------------------------------------------------------------------

Delta = tuple[int, str, int]


@st.composite
def delta_lists(draw: st.DrawFn) -> list[Delta]:
    """Zero-sum changes in some instruments, in no order."""
    rows: list[Delta] = []
    for instrument in draw(st.lists(st.integers(0, 2**32 - 1), max_size=3, unique=True)):
        accounts = draw(st.lists(st.sampled_from(HOLDERS), min_size=2, max_size=5, unique=True))
        lots = [draw(st.integers(-(10**12), 10**12)) for _ in accounts[1:]]
        rows += [(instrument, account, units) for account, units in zip(accounts, [*lots, -sum(lots)], strict=True)]
    return draw(st.permutations(rows))


price_maps = st.dictionaries(st.integers(0, 2**32 - 1), st.integers(0, UINT64 - 1), max_size=4)


@settings(max_examples=EXAMPLES, deadline=None)
@given(rows=delta_lists(), prices_e6=price_maps, as_of_s=st.integers(0, UINT64 - 1))
@example(rows=[], prices_e6={}, as_of_s=0)
def test_a_batch_has_one_digest_in_python_and_in_solidity(
    book: Contracts, rows: list[Delta], prices_e6: dict[int, int], as_of_s: int
) -> None:
    sequence, previous = head(book)
    batch = MirrorBatch.of(sequence + 1, previous, as_of_s, prices_e6, rows)
    pairs = [(account, instrument) for instrument, account, _ in rows]
    before = book.positions_of(pairs)
    receipt = send(book, batch)
    assert head(book) == (sequence + 1, batch.digest())
    assert emitted_digest(book, receipt.tx_hash) == batch.digest()
    assert book.positions_of(pairs) == [held + row[2] for held, row in zip(before, rows, strict=True)]


def test_the_widest_lots_fit_and_one_more_does_not(book: Contracts) -> None:
    sequence, previous = head(book)
    first, second, number = HOLDERS[0], HOLDERS[1], 77
    widest = [(number, first, INT64 - 1), (number, second, 1 - INT64)]
    batch = MirrorBatch.of(sequence + 1, previous, 0, {}, widest)
    send(book, batch)
    assert head(book)[1] == batch.digest()
    more = MirrorBatch.of(sequence + 2, batch.digest(), 0, {}, [(number, first, 1), (number, second, -1)])
    with pytest.raises(ChainError, match=f"lots overflow .account {first.lower()}, instrument {number}"):
        send(book, more)
    assert head(book) == (sequence + 1, batch.digest())


def test_lots_that_the_chain_could_not_hold_are_refused_before_they_are_sent() -> None:
    with pytest.raises(EncodingError):
        MirrorBatch.of(1, GENESIS, 0, {}, [(1, HOLDERS[0], INT64), (1, HOLDERS[1], -INT64)]).digest()


def refused_batches(sequence: int, previous: bytes) -> dict[str, tuple[MirrorBatch, str]]:
    """Batches with one thing wrong at a given head, and how the refusal begins."""
    low, high = sorted(HOLDERS[:2], key=lambda account: int(account, 16))
    due, pair, other = sequence + 1, ((1, low, 5), (1, high, -5)), ((2, low, 5), (2, high, -5))
    elsewhere = keccak(previous)

    def batch(deltas: tuple[Delta, ...], prices: tuple[tuple[int, int], ...] = ()) -> MirrorBatch:
        return MirrorBatch(due, previous, 0, prices, deltas)

    return {
        "a batch again": (MirrorBatch(sequence, previous, 0, (), pair), f"wrong sequence (expected {due}, given"),
        "a gap": (MirrorBatch(due + 1, previous, 0, (), pair), f"wrong sequence (expected {due}, given {due + 1})"),
        "another history": (
            MirrorBatch(due, elsewhere, 0, (), pair),
            f"wrong previous digest (expected 0x{previous.hex()}, given 0x{elsewhere.hex()})",
        ),
        "accounts unsorted": (batch(pair[::-1]), "deltas not sorted (index 1)"),
        "an account twice": (batch(((1, low, 2), (1, low, 3), (1, high, -5))), "deltas not sorted (index 1)"),
        "instruments unsorted": (batch((*other, *pair)), "deltas not sorted (index 2)"),
        "prices unsorted": (batch((), ((2, 5), (1, 5))), "prices not sorted (index 1)"),
        "lots from nowhere": (batch(((1, low, 5), (1, high, -4))), "instrument not zero sum (instrument 1, sum 1)"),
    }


@pytest.mark.parametrize("name", refused_batches(0, GENESIS))
def test_the_contract_refuses_what_our_order_and_belief_rule_out(book: Contracts, name: str) -> None:
    """The control of the orders that it accepted above, and one sentence with the true value for each wrong belief."""
    before = head(book)
    batch, told = refused_batches(*before)[name]
    with pytest.raises(ChainError) as refused:
        send(book, batch)
    assert str(refused.value).startswith(f"positions mirrored: {told}")
    assert head(book) == before


# -- cycles ------------------------------------------------------------------------------------------------------------

Row = tuple[str, str, int]


@st.composite
def chain_cycles(draw: st.DrawFn) -> ChainCycle:
    """Anything that the types can hold, sensible or not."""
    side = st.lists(st.tuples(addresses, st.integers(0, UINT256 - 1)), max_size=3).map(tuple)
    numbers = st.integers(0, UINT64 - 1)
    legs = tuple(draw(st.lists(st.builds(Leg, addresses, side, side), max_size=3)))
    return ChainCycle(draw(addresses), draw(numbers), draw(digests), draw(numbers), draw(digests), legs)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cycle=chain_cycles())
@example(cycle=ChainCycle("0x" + "00" * 20, 0, GENESIS, 0, GENESIS, ()))
def test_a_cycle_has_one_digest_in_python_and_in_solidity(book: Contracts, cycle: ChainCycle) -> None:
    found = book.chain.read(SETTLEMENT, book.settlement, "digestOf", cycle.arguments())
    assert found == cycle.digest(book.settlement_domain)


@st.composite
def obligations(draw: st.DrawFn, tokens: tuple[str, ...]) -> list[Row]:
    """Rows without zeros that sum to zero per token, in no order."""
    rows: list[Row] = []
    for token in draw(st.lists(st.sampled_from(tokens), unique=True)):
        holders = draw(st.lists(addresses.filter(lambda one: int(one, 16) > 0), min_size=2, max_size=5, unique=True))
        amounts = [draw(st.integers(1, 10**30)) for _ in holders[1:]]
        rows += [(who, token, units) for who, units in zip(holders, [*amounts, -sum(amounts)], strict=True)]
    return draw(st.permutations(rows))


def proposed(book: Contracts, legs: tuple[Leg, ...], signers: tuple[LocalSigner, LocalSigner]) -> object:
    """Ask the contract what it would say to a first cycle of these legs; nothing is sent."""
    venue = signer_of("venue/harbour").address
    cycle = ChainCycle(venue, 1, GENESIS, GENESIS_S, head(book)[1], legs)
    digest = cycle.digest(book.settlement_domain)
    signatures = [signer.sign_digest(digest) for signer in signers]
    return book.chain.read(SETTLEMENT, book.settlement, "propose", cycle.arguments(), *signatures)


BOTH = signer_of("venue/harbour"), signer_of("custodian")


@settings(max_examples=EXAMPLES, deadline=None)
@given(choice=st.data())
def test_legs_of_any_rows_with_both_signatures_are_accepted(book: Contracts, choice: st.DataObject) -> None:
    rows = choice.draw(obligations(tuple(book.tokens.values())))
    legs = legs_of(rows)
    signed = [(who, leg.token, units) for leg in legs for who, units in leg.credits]
    signed += [(who, leg.token, -units) for leg in legs for who, units in leg.debits]
    assert Counter(signed) == Counter(row for row in rows if row[2])
    assert proposed(book, legs, BOTH) == ()
    assert legs_of(signed) == legs, "one order, whatever order the rows come in"
    if len(legs) > 1:
        with pytest.raises(ChainError, match=r"propose: legs not sorted \(index 1\)"):
            proposed(book, legs[::-1], BOTH)


def test_rows_of_one_holder_in_one_token_are_netted() -> None:
    low, high, token = "0x" + "01" * 20, "0x" + "02" * 20, "0x" + "03" * 20
    assert legs_of([(high, token, 7), (low, token, -5), (high, token, -2)]) == (Leg(token, ((low, 5),), ((high, 5),)),)
    assert legs_of([(low, token, 5), (low, token, -5)]) == legs_of([]) == ()


def test_one_signature_or_the_wrong_one_is_refused(book: Contracts) -> None:
    legs = legs_of([(HOLDERS[0], book.tokens["USDC"], 5), (HOLDERS[1], book.tokens["USDC"], -5)])
    stranger = signer_of("stranger")
    with pytest.raises(ChainError, match=r"propose: wrong venue signature \(venue 0x"):
        proposed(book, legs, (stranger, BOTH[1]))
    with pytest.raises(ChainError, match=r"propose: wrong custodian signature$"):
        proposed(book, legs, (BOTH[0], stranger))
    with pytest.raises(ChainError, match="propose: wrong venue signature"):
        proposed(book, legs, BOTH[::-1])


# -- releases and requests to exit -------------------------------------------------------------------------------------


@st.composite
def releases(draw: st.DrawFn) -> Release:
    numbers = st.integers(0, 2**256 - 1)
    return Release(*(draw(addresses) for _ in range(3)), draw(numbers), draw(numbers), draw(numbers))


@settings(max_examples=EXAMPLES, deadline=None)
@given(release=releases())
def test_a_release_has_one_digest_in_python_and_in_solidity(book: Contracts, release: Release) -> None:
    found = book.chain.read(VAULT, book.vault, "digestOf", release.arguments())
    assert found == release.digest(book.vault_domain)


@settings(max_examples=EXAMPLES, deadline=None)
@given(places=st.tuples(addresses, addresses, addresses), numbers=st.tuples(*[st.integers(0, 2**256 - 1)] * 2))
def test_a_request_to_exit_has_one_digest_in_python_and_in_solidity(
    book: Contracts, places: tuple[str, str, str], numbers: tuple[int, int]
) -> None:
    request = ExitRequest(*places, *numbers)
    found = book.chain.read(VAULT, book.vault, "exitDigestOf", request.arguments())
    assert found == request.digest(book.vault_domain)


def test_a_signature_for_one_contract_or_chain_is_none_for_another(book: Contracts) -> None:
    release = Release(HOLDERS[0], HOLDERS[1], HOLDERS[2], 5, 0, 9)
    names, chains, places = ("Bulkhead Vault", "Bulkhead Settlement"), (1, 31337), (book.vault, book.settlement)
    domains = {Domain(name, chain, place).separator() for name in names for chain in chains for place in places}
    assert len({release.digest(domain) for domain in domains}) == 8
