"""What an obligation costs, to the gas: this is a measurement that repeats, so any change to it is seen."""

from scripts.bench.gas_settlement import gas_settlement
from settlement.node import Node
from tests.settlement.conftest import deployed

MOST_GAS = 6_500


def test_an_obligation_costs_what_the_readme_says(node: Node) -> None:
    measured = {name: gas for name, gas, _ in gas_settlement(node, deployed(node))}
    assert measured["obligation"] <= MOST_GAS
    assert measured == {
        "obligation": 6_408,
        "obligation_proposed": 2_680,
        "obligation_whole": 9_088,
        "cycle_proposed": 93_716,
        "cycle_paid": 79_162,
    }
