"""The gas of mirrored positions, measured on a node, against what the issue allows; exact, so that a change is seen."""

from margin.instruments import Instrument, Kind
from scripts.bench.gas_positions import measures
from settlement.contracts import Plan
from settlement.deployment import deploy
from settlement.keys import signer_of
from settlement.node import Node

ALLOWED = {"position_new": 6_800, "position_update": 2_200, "scattered_new": 23_800, "scattered_update": 6_800}


def test_a_position_costs_what_is_said_in_the_worst_case_too(node: Node) -> None:
    operator = signer_of("operator")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    traded = tuple(Instrument(n, "harbour", f"C{n}-PERP", Kind.PERP, f"C{n}", 1_000, 1_000) for n in range(1, 8))
    plan = Plan((), {"harbour": signer_of("venue/harbour")}, operator, 300, traded)
    found = {name: gas for name, gas, _ in measures(node, deploy(node, operator, plan))}
    for name, allowed in ALLOWED.items():
        assert found[name] < found[f"{name}_worst"] <= allowed
    assert found == {
        "position_new": 5_993, "position_update": 1_718, "position_new_worst": 6_054, "position_update_worst": 1_779,
        "scattered_new": 23_514, "scattered_update": 6_414, "scattered_new_worst": 23_574,
        "scattered_update_worst": 6_474,
    }  # fmt: skip
