"""Policies that could not mean anything, or would count somebody twice, cannot be written."""

from dataclasses import replace

import pytest

from custody.policies import Group, Operation, Policy, Quorum, Rule
from custody.shapes import FieldError
from tests.custody.approving import CUSTODY, FUND, TREASURY, fund_policy

OPERATIONS = (Operation.WITHDRAW,)
BOTH = (Quorum(2, "treasury"), Quorum(1, "custody"))
RULE = Rule(OPERATIONS, BOTH)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Quorum(0, "treasury"), "required: a quorum of nobody would let everybody pass"),
        (lambda: Quorum(-1, "treasury"), "required: -1 is outside"),
        (lambda: Quorum(1, ""), "group: '' is no name"),
        (lambda: Group("treasury", "fund", ("a",)), "party: 'fund' is no party"),
        (lambda: Group("treasury", FUND, ()), "signers: 0 entries"),
        (lambda: Group("treasury", FUND, ("a", "b", "a")), "signers: a is there twice"),
        (lambda: Group("treasury", FUND, ("a", "b c")), "signers[1]: 'b c' is no name"),
        (lambda: Group("treasury", FUND, tuple(f"s{n}" for n in range(101))), "signers: 101 entries"),
        (lambda: Rule((), BOTH), "operations: 0 entries"),
        (lambda: Rule(OPERATIONS * 2, BOTH), "operations: withdraw is there twice"),
        (lambda: Rule(OPERATIONS, ()), "quorums: 0 entries"),
        (lambda: Rule(OPERATIONS, (Quorum(1, "a"), Quorum(2, "a"))), "quorums: a is there twice"),
        (lambda: Rule(OPERATIONS, BOTH, "US DC"), "asset: 'US DC' is no name"),
        (lambda: Rule(OPERATIONS, BOTH, "USDC", "x" * 33), "venue: "),
        (lambda: Rule(OPERATIONS, BOTH, "USDC", least_units=5, most_units=4), "least_units: 5 is more than most_units"),
        (lambda: Rule(OPERATIONS, BOTH, "USDC", most_units=2**63), "most_units: 9223372036854775808 is outside"),
        (lambda: Rule(OPERATIONS, BOTH, most_units=5), "asset: a band of amounts needs an asset"),
        (lambda: Policy((TREASURY, CUSTODY), (), 5), "rules: 0 entries"),
        (lambda: Policy((TREASURY, CUSTODY, TREASURY), (RULE,), 5), "groups: treasury is there twice"),
        (lambda: Policy((TREASURY,), (RULE,), 5), "rules[0].quorums[1].group: custody is no group of this policy"),
        (lambda: Policy((TREASURY, CUSTODY), (RULE,), -5), "notice_s: -5 is outside"),
        (
            lambda: Policy((CUSTODY,), (Rule(OPERATIONS, (Quorum(3, "custody"),)),), 5),
            "rules[0].quorums[0].required: 3 of custody, which has 2",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_written(make: object, said: str) -> None:
    assert callable(make)
    with pytest.raises(FieldError) as refused:
        make()
    assert str(refused.value).startswith(said)


def test_one_person_does_not_count_in_two_quorums_of_a_rule() -> None:
    directors = Group("directors", FUND, ("treasurer", "chair"))
    rule = Rule(OPERATIONS, (Quorum(2, "treasury"), Quorum(1, "directors")))
    with pytest.raises(FieldError, match=r"rules\[0\].quorums: treasurer of client/fund is there twice"):
        Policy((TREASURY, directors), (rule,), 5)
    apart = Rule(OPERATIONS, (Quorum(1, "directors"),))
    assert Policy((TREASURY, CUSTODY, directors), (RULE, apart), 5), "in two rules it may"
    namesake = replace(directors, party="custodian")
    assert Policy((TREASURY, namesake), (rule,), 5), "another party's treasurer is another person"


def test_what_governs_is_everything_that_moves_no_asset() -> None:
    moving = {Operation.DELEGATE, Operation.RECALL, Operation.MOVE, Operation.WITHDRAW}
    assert {operation for operation in Operation if not operation.governs} == moving
    assert fund_policy().group("treasury") == TREASURY
    assert fund_policy().group("nobody") is None
