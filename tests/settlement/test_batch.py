"""Digests, here and in Solidity: random batches, cycles and releases on a real chain, bit for bit."""

from collections import Counter
from collections.abc import Iterator

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody.money import Asset
from custody.signers import LocalSigner
from custody.typed_data import Domain
from margin.instruments import Instrument, Kind
from settlement.batch import GENESIS, RUN, BatchError, Change, Mark, MirrorBatch
from settlement.chain import Receipt
from settlement.chain_cycle import ChainCycle, Leg, legs_of
from settlement.contracts import SETTLEMENT, VAULT, Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from settlement.releases import ExitRequest, Release

GENESIS_S = 1_769_000_000
EXAMPLES = 30
HOLDERS = [signer_of(f"client/{name}").address for name in ("carry", "hedger", "maker", "miner", "treasury")]
INT64, UINT64, UINT256 = 2**63, 2**64, 2**256
LISTED = 7

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
digests = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def book() -> Iterator[Contracts]:
    """One deployment for all examples: the mirror's chain of digests grows through them all."""
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        assets = (Asset("USDC", 6, 6), Asset("BTC", 8, 8))
        traded = tuple(
            Instrument(number, "harbour", f"C{number}-PERP", Kind.PERP, f"C{number}", 1_000, 10_000)
            for number in range(1, LISTED + 1)
        )
        plan = Plan(assets, {"harbour": signer_of("venue/harbour")}, signer_of("custodian"), 300, traded)
        yield deploy(node, operator, plan)


def send(book: Contracts, batch: MirrorBatch) -> Receipt:
    (receipt,) = book.chain.send_together([book.mirroring(batch)])
    return receipt


def emitted(book: Contracts, tx_hash: str) -> tuple[bytes, int, int]:
    """Digest, time and number of runs in the one event of a mirrored batch."""
    (log,) = book.chain.node.rpc("eth_getTransactionReceipt", tx_hash)["logs"]
    assert log["topics"][0] == "0x" + keccak(text="BatchMirrored(uint64,bytes32,uint64,uint256)").hex()
    digest, as_of_s, runs = decode(("bytes32", "uint64", "uint256"), bytes.fromhex(log["data"][2:]))
    return bytes(digest), int(as_of_s), int(runs)


# -- the mirror --------------------------------------------------------------------------------------------------------

Key = tuple[int, str]
int64s = st.integers(-INT64, INT64 - 1)
marks_of = st.dictionaries(st.integers(1, LISTED), st.builds(Mark, int64s, int64s), max_size=LISTED)


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[int, Mark], dict[Key, Change]]:
    """Marks, and changes that sum to zero in some of the marked instruments, in no order."""
    marks, changes = draw(marks_of), {}
    for number in marks:
        accounts = draw(st.lists(st.sampled_from(HOLDERS), min_size=2, max_size=5, unique=True))
        lots, cash = ([draw(st.integers(-(10**12), 10**12)) for _ in accounts[1:]] for _ in range(2))
        pairs = zip([*lots, -sum(lots)], [*cash, -sum(cash)], strict=True)
        changes |= {(number, who): Change(*pair) for who, pair in zip(accounts, pairs, strict=True)}
    return marks, dict(draw(st.permutations(list(changes.items()))))


@settings(max_examples=EXAMPLES, deadline=None)
@given(both=written(), as_of_s=st.integers(0, UINT64 - 1))
@example(both=({}, {}), as_of_s=0)
def test_a_batch_has_one_digest_in_python_and_in_solidity(
    book: Contracts, both: tuple[dict[int, Mark], dict[Key, Change]], as_of_s: int
) -> None:
    sequence, previous = book.head()
    marks, changes = both
    batch = MirrorBatch.of(sequence + 1, previous, as_of_s, marks, changes)
    pairs = [(account, number) for number, account in changes]
    before = book.positions_of(pairs)
    receipt = send(book, batch)
    assert book.head() == (sequence + 1, batch.digest())
    assert emitted(book, receipt.tx_hash) == (batch.digest(), as_of_s, len(batch.runs) // RUN.size)
    assert book.positions_of(pairs) == [held + one.lots for held, one in zip(before, changes.values(), strict=True)]


@given(both=written())
def test_what_was_written_is_what_is_read(both: tuple[dict[int, Mark], dict[Key, Change]]) -> None:
    marks, changes = both
    batch = MirrorBatch.of(1, GENESIS, 0, marks, changes)
    assert batch == MirrorBatch.of(1, GENESIS, 0, dict(reversed(marks.items())), dict(reversed(changes.items())))
    found_marks, found = {}, {}
    for row, runs in batch.rows():
        for lane, number in row.instruments():
            found_marks[number] = Mark(row.prices_e6[lane], row.funding_e6[lane])
            for run in runs:
                found[number, run.account] = Change(run.lots[lane], run.cash_units[lane])
    assert found_marks == marks
    moved = {(number, who.lower()): one for (number, who), one in changes.items() if one != (0, 0)}
    assert {key: one for key, one in found.items() if one != (0, 0)} == moved


def test_the_layout_byte_by_byte() -> None:
    """Written by hand, so that a change of both codecs at once does not pass."""
    first, second = "0x" + "11" * 20, "0x" + "22" * 20
    changes = {(5, second): Change(-2, 3), (5, first): Change(2, -3), (7, second): Change(0, 0)}
    batch = MirrorBatch.of(9, GENESIS, 1, {5: Mark(16, -1), 7: Mark(0)}, changes)
    none, two, minus_two, three, minus_three = "00" * 8, f"{2:016x}", "ff" * 7 + "fe", f"{3:016x}", "ff" * 7 + "fd"
    row = "00000001" + "000002" + "0a" + none + f"{16:016x}" + none * 2 + none + "ff" * 8 + none * 2
    assert batch.marks.hex() == row
    lower = "11" * 20 + none + two + none * 2 + none + minus_three + none * 2
    upper = "22" * 20 + none + minus_two + none * 2 + none + three + none * 2
    assert batch.runs.hex() == lower + upper


UNWRITABLE = {
    "lots beyond int64": ({1: Mark(1)}, {(1, HOLDERS[0]): Change(INT64, 0)}, "does not fit"),
    "cash beyond int64": ({1: Mark(1)}, {(1, HOLDERS[0]): Change(0, -INT64 - 1)}, "does not fit"),
    "a price beyond int64": ({1: Mark(INT64)}, {}, "does not fit"),
    "a page beyond its bytes": ({2**34: Mark(1)}, {}, "does not fit"),
    "a change without a mark": ({2: Mark(1)}, {(1, HOLDERS[0]): Change(1, 1)}, "instrument 1 changes without a mark"),
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_cannot_be_written_is_an_error_before_it_is_sent(name: str) -> None:
    marks, changes, told = UNWRITABLE[name]
    with pytest.raises(BatchError, match=told):
        MirrorBatch.of(1, GENESIS, 0, marks, changes)


def test_a_sequence_that_the_chain_could_not_hold_has_no_digest() -> None:
    with pytest.raises(BatchError, match="beyond uint64"):
        MirrorBatch(UINT64, GENESIS, 0, b"", b"").digest()


def test_the_widest_lots_fit_and_one_more_is_refused_with_its_account(book: Contracts) -> None:
    sequence, previous = book.head()
    first, second = "0x" + "aa" * 20, "0x" + "bb" * 20
    widest = {(6, first): Change(INT64 - 1, 0), (6, second): Change(1 - INT64, 0)}
    batch = MirrorBatch.of(sequence + 1, previous, 0, {6: Mark(1)}, widest)
    send(book, batch)
    more = {(6, first): Change(1, 0), (6, second): Change(-1, 0)}
    with pytest.raises(ChainError, match=f"positions mirrored: lots overflow .account {first}, instrument 6"):
        send(book, MirrorBatch.of(sequence + 2, batch.digest(), 0, {6: Mark(1)}, more))
    assert book.head() == (sequence + 1, batch.digest())


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
    cycle = ChainCycle(venue, 1, GENESIS, GENESIS_S, book.head()[1], legs)
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
