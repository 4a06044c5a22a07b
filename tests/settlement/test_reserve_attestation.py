"""The custodian's attestation, here and in Solidity: one digest, and one answer to whether a mint is covered."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.money import Asset
from custody.typed_data import TypedDataError
from settlement.abi import explain_revert
from settlement.contracts import ALL, MINTER, TOKEN, VAULT, Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from settlement.releases import Release
from settlement.reserve_attestation import MintRefusal, ReserveAttestation, Reserves, must_attest, refusal
from tests.settlement.sole_minter import as_the_minter

GENESIS_S = 1_769_000_000
EXAMPLES, AGE_S = 40, 3_600
USDC = Asset("USDC", 6, 6)
HOLDER, VENUE = signer_of("client/hedger"), signer_of("venue/harbour")


@pytest.fixture(scope="module")
def chain() -> Iterator[Contracts]:
    """One deployment for all examples."""
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        yield deploy(
            node, operator, Plan((USDC,), {"harbour": VENUE}, signer_of("custodian"), 300, attestation_age_s=AGE_S)
        )


# -- rules -------------------------------------------------------------------------------------------------------------

LAST = ReserveAttestation("0x" + "11" * 20, 100, 7, bytes(32), 3, 1_000)


@pytest.mark.parametrize(("last", "held", "supply", "amount", "why"), [
    (None, 10, 0, 10, None),
    (None, 10, 0, 11, MintRefusal.EXCEEDS_RESERVES),
    (LAST, 110, 100, 10, None),
    (LAST, 109, 100, 10, MintRefusal.EXCEEDS_RESERVES),
    (LAST, 200, 101, 0, MintRefusal.RESERVES_FELL_SHORT),
    (LAST, 0, 101, 1, MintRefusal.RESERVES_FELL_SHORT),
])  # fmt: skip
def test_a_mint_is_refused_in_order(
    last: ReserveAttestation | None, held: int, supply: int, amount: int, why: MintRefusal | None
) -> None:
    assert refusal(last, held, supply, amount) is why
    assert why is None or why.retry_may_succeed


@pytest.mark.parametrize(("last", "supply", "amount", "now_s", "must"), [
    (None, 0, 0, 0, True),
    (LAST, 90, 10, 1_000 + AGE_S, False),
    (LAST, 90, 10, 1_001 + AGE_S, True),
    (LAST, 90, 11, 1_000, True),
    (LAST, 101, 0, 1_000, False),
    (LAST, 101, 0, 1_001 + AGE_S, False),
])  # fmt: skip
def test_it_attests_anew_when_the_last_is_stale_or_too_small_but_never_takes_back_a_fall(
    last: ReserveAttestation | None, supply: int, amount: int, now_s: int, must: bool
) -> None:
    assert must_attest(last, supply, amount, now_s, AGE_S) is must


# -- digests -----------------------------------------------------------------------------------------------------------

attestations = st.builds(
    ReserveAttestation,
    st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    st.integers(0, 2**128 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(attestation=attestations)
def test_an_attestation_has_one_digest_in_python_and_in_solidity(
    chain: Contracts, attestation: ReserveAttestation
) -> None:
    found = chain.chain.read(MINTER, chain.minter, "digestOf", attestation.arguments())
    assert found == attestation.digest(chain.minter_domain)


def test_reserves_beyond_128_bits_have_no_digest(chain: Contracts) -> None:
    with pytest.raises(TypedDataError, match="reserves: uint128 cannot hold"):
        replace(LAST, reserves=2**128).digest(chain.minter_domain)


def test_each_contract_has_a_domain_of_its_own(chain: Contracts) -> None:
    domains = {chain.minter_domain, chain.vault_domain, chain.settlement_domain}
    assert len({LAST.digest(domain) for domain in domains}) == 3


# -- the same answer ---------------------------------------------------------------------------------------------------


def answer(chain: Contracts, amount: int, believed: int, at_s: int) -> str:
    """What the minter would say to the operator at a time; "" for a mint. Nothing is sent."""
    data = MINTER.call("mint", chain.tokens["USDC"], HOLDER.address, amount, believed)
    call = {"from": chain.chain.sender.address, "to": chain.minter, "data": "0x" + data.hex()}
    told = chain.chain.node.answer("eth_call", (call, "latest", {}, {"time": hex(at_s)}))
    return explain_revert(bytes.fromhex(told["error"]["data"][2:]), ALL).split(" (")[0] if "error" in told else ""


@settings(max_examples=EXAMPLES, deadline=None)
@given(choice=st.data())
def test_what_needs_no_other_attestation_here_is_minted_there_and_what_does_is_refused(
    chain: Contracts, choice: st.DataObject
) -> None:
    held = choice.draw(st.integers(0, 40), label="held")
    chain.attest(USDC, Reserves(held, 1, bytes(32)))
    last, true_supply = chain.attested["USDC"], chain.supply["USDC"]
    seen: Counter[str] = Counter()
    for _ in range(8):
        supply, amount = choice.draw(st.integers(true_supply, 40)), choice.draw(st.integers(0, 40))
        at_s = last.as_of_s + choice.draw(st.integers(AGE_S - 2, AGE_S + 2))
        covered = not must_attest(last, supply, amount, at_s, AGE_S) and refusal(last, held, supply, amount) is None
        found = answer(chain, amount, supply, at_s)
        expected = {"", "supply mismatch"} if covered else {"attestation stale", "exceeds reserves"}
        assert found in expected, (held, supply, amount, at_s - last.as_of_s)
        assert (found == "supply mismatch") == (covered and supply != true_supply)
        seen[found] += 1
    assert sum(seen.values()) == 8


# -- on the chain ------------------------------------------------------------------------------------------------------


def logs(contracts: Contracts, tx_hash: str) -> list[list[str]]:
    found = contracts.chain.node.rpc("eth_getTransactionReceipt", tx_hash)["logs"]
    return [log["topics"] for log in found if log["address"] == contracts.minter.lower()]


def test_the_minter_is_the_only_one_and_nobody_can_seat_another(contracts: Contracts) -> None:
    chain, me = contracts.chain, contracts.chain.sender.address
    for token in contracts.tokens.values():
        minter_role = chain.read(TOKEN, token, "MINTER_ROLE")
        for role in (minter_role, bytes(32)):
            assert chain.read(TOKEN, token, "hasRole", role, contracts.minter)
            assert not chain.read(TOKEN, token, "hasRole", role, me)
        with pytest.raises(ChainError, match="access control unauthorized account"):
            chain.send(token, TOKEN.call("grantRole", minter_role, me), "another minter")
    assert chain.read(VAULT, contracts.vault, "redemption") == contracts.minter.lower()


def test_one_attestation_covers_many_credits_until_it_is_too_small_or_too_old(contracts: Contracts) -> None:
    def credit(units: int, held_units: int) -> int:
        held = Reserves(held_units, contracts.chain.transactions, bytes(32))
        contracts.credit(USDC, HOLDER.address, VENUE.address, units, held)
        return contracts.attested["USDC"].sequence

    assert [credit(50, 100), credit(50, 100), credit(1, 200), credit(99, 200)] == [1, 1, 2, 2]
    contracts.chain.node.move_to(contracts.attested["USDC"].as_of_s + contracts.plan.attestation_age_s + 1)
    assert credit(0, 200) == 3
    assert contracts.total_supply(USDC) == 200
    kept = contracts.chain.read(MINTER, contracts.minter, "attestedOf", contracts.tokens["USDC"])
    last = contracts.attested["USDC"]
    assert kept == (200, 3, last.as_of_s, last.journal_position)


def test_a_refused_mint_leaves_an_attestation_that_was_taken(contracts: Contracts) -> None:
    """The belief about the sequence follows the chain, or the next attestation would be refused."""
    contracts.credit(USDC, HOLDER.address, VENUE.address, 1, Reserves(10, 1, bytes(32)))
    as_the_minter(contracts, "USDC", TOKEN.call("mint", HOLDER.address, 5))
    for _ in range(2):
        with pytest.raises(ChainError, match=r"claims minted: supply mismatch \(actualSupply 6, estimatedSupply 1\)"):
            contracts.credit(USDC, HOLDER.address, VENUE.address, 20, Reserves(100, 1, bytes(32)))
    assert contracts.attested["USDC"].sequence == 2


def test_a_burn_names_the_release_that_asked_for_it(contracts: Contracts) -> None:
    contracts.credit(USDC, HOLDER.address, VENUE.address, 70, Reserves(70, 1, bytes(32)))
    receipt = contracts.release(USDC, HOLDER, VENUE.address, 30, 2_000_000_000)
    block = contracts.chain.node.rpc("eth_getBlockByHash", contracts.chain.node.rpc(
        "eth_getTransactionReceipt", receipt.tx_hash)["blockHash"], False)  # fmt: skip
    _, burned = block["transactions"]
    ((topic, token, instruction),) = logs(contracts, burned)
    release = Release(HOLDER.address, VENUE.address, contracts.tokens["USDC"], 30, 0, 2_000_000_000)
    assert instruction == "0x" + release.digest(contracts.vault_domain).hex()
    assert int(token, 16) == int(contracts.tokens["USDC"], 16)
    assert topic
