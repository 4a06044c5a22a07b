"""Who is owed what: every unit in the vault once, by whom it is owed, and nothing published that cannot be true."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.accounts import Account, Chart, Totals
from custody.inclusion import check_inclusion
from custody.liabilities import LiabilitiesError
from custody.owed import Owed, Register, owed, owner_of
from custody.signatures import Address
from tests.custody.publishing import CUSTODIAN, SEED, signed

CHART = Chart("USDC")
VAULT = CHART.vault()


def balances(*credits_: tuple[Account, int], pool_units: int = 0, vault_units: int | None = None) -> Owed:
    """What is owed where these accounts hold so much, and the vault the sum."""
    totals = {account.id: _standing(units) for account, units in credits_}
    pool = CHART.pool("quay")
    held = sum(units for _, units in credits_) - pool_units if vault_units is None else vault_units
    totals |= {pool.id: Totals(debits_posted=pool_units), VAULT.id: Totals(debits_posted=held)}
    return owed("USDC", [VAULT, pool, *(account for account, _ in credits_)], totals)


def _standing(units: int) -> Totals:
    return Totals(credits_posted=units) if units >= 0 else Totals(debits_posted=-units)


def test_all_of_a_clients_accounts_are_one_liability() -> None:
    due = balances(
        (CHART.available("fund"), 10), (CHART.delegated("fund", "harbour"), 20), (CHART.delegated("fund", "quay"), 5),
        (CHART.available("hedger"), 0), (CHART.venue_collateral("harbour"), 7), (CHART.venue_settlement("harbour"), 1),
        (CHART.insurance("harbour"), 3), (CHART.guarantee("harbour"), 4), (CHART.fees(), 2),
    )  # fmt: skip
    assert due.units == {
        "client/fund": 35, "client/hedger": 0, "venue/harbour": 8, "insurance/harbour": 3, "guarantee/harbour": 4,
        "fees": 2, "venue/quay": 0,
    }  # fmt: skip


def test_pooled_collateral_is_owed_to_the_clients_who_claim_it_and_counted_once() -> None:
    pooled = (CHART.omnibus("quay"), 100), (CHART.claim("fund", "quay"), 60), (CHART.claim("hedger", "quay"), 30)
    assert balances(*pooled, pool_units=90).units == {"client/fund": 60, "client/hedger": 30, "venue/quay": 10}
    with pytest.raises(LiabilitiesError, match="venue/quay is owed -5"):
        balances((CHART.omnibus("quay"), 85), (CHART.claim("fund", "quay"), 90), pool_units=90)


def test_a_break_that_is_not_explained_cannot_be_published() -> None:
    with pytest.raises(LiabilitiesError, match="suspense is owed -3"):
        balances((CHART.available("fund"), 10), (CHART.suspense(), -3))
    assert balances((CHART.available("fund"), 10), (CHART.suspense(), 3)).units["suspense"] == 3


def test_what_is_owed_must_be_in_the_vault() -> None:
    with pytest.raises(LiabilitiesError, match="10 units of USDC are owed and 9 are in the vault"):
        balances((CHART.available("fund"), 10), vault_units=9)
    with pytest.raises(LiabilitiesError, match="no accounts of BTC"):
        owed("BTC", [VAULT], {VAULT.id: Totals()})


def test_pending_transfers_change_nothing_before_they_are_posted() -> None:
    fund = CHART.available("fund")
    totals = {fund.id: Totals(debits_pending=4, credits_pending=9, credits_posted=10), VAULT.id: Totals(0, 10)}
    assert owed("USDC", [VAULT, fund], totals).units == {"client/fund": 10}


@pytest.mark.parametrize(
    ("account", "owner"),
    [
        (CHART.delegated("a.b-c", "quay"), "client/a.b-c"),
        (CHART.omnibus("quay"), "venue/quay"),
        (CHART.suspense(), "suspense"),
    ],
)
def test_an_owner_is_the_first_two_words_of_a_place(account: Account, owner: str) -> None:
    assert owner_of(account) == owner


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex(r"client/[a-z0-9]{1,4}", fullmatch=True), st.integers(0, 10**15), min_size=1))
def test_every_owner_of_a_register_has_a_proof_and_nobody_else_has(units: dict[str, int]) -> None:
    of = Register(Owed("USDC", units), SEED, 1)
    told = signed(of)
    assert set(of.owners) == set(units)
    for owner, due in units.items():
        own = of.proof(owner, told)
        assert (own.leaf.account, own.leaf.units) == (owner, due)
        assert check_inclusion(own, Address(CUSTODIAN.address)) is None
    with pytest.raises(KeyError):
        of.proof("client/-", told)


def test_a_guessable_seed_is_refused() -> None:
    with pytest.raises(LiabilitiesError, match="could be guessed"):
        Register(Owed("USDC", {"fees": 1}), b"short", 1)
