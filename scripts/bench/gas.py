"""`bulkhead bench gas`: what every action costs on chain, to the unit, on a node that it starts and ends itself.

Gas does not depend on the machine, so nothing is repeated: each scenario runs once, on a deployment of its own, and a
ratio is a plain quotient. A baseline is measured here where a contract of a line can stand for it; Derive's figures are
those that were measured on its own contracts [P].
"""

from collections.abc import Callable, Sequence

from custody.money import Asset
from margin.instruments import Instrument, Kind
from scripts.bench import gas_inclusion, gas_marks, gas_plain, gas_positions, gas_settlement, gas_token
from scripts.bench.gas_measure import GasMeasured
from scripts.bench.measure import Measure
from settlement.contracts import Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import Node

Scenario = Callable[[Node, Contracts], Sequence[tuple[str, int, str]]]

GENESIS_S = 1_769_000_000
LISTED = 7
"""Instruments in the book: two pages, the first of which has three."""
SIZES = {"positions": 256, "obligations": 256, "marks": gas_marks.COUNT, "liabilities": gas_inclusion.LIABILITIES}

SCENARIOS: dict[str, Scenario] = {
    "plain slots": gas_plain.measure,
    "positions": gas_positions.measures,
    "obligations": gas_settlement.gas_settlement,
    "marks": gas_marks.measure,
    "tokens": gas_token.measures,
    "a liability among a million": gas_inclusion.measure,
}

PLAIN_NEW, PLAIN_UPDATE = ("a plain one-slot mirror", 26_000), ("a plain one-slot mirror", 8_900)
BASELINES = {
    "position_new": PLAIN_NEW,
    "position_update": PLAIN_UPDATE,
    "scattered_new": PLAIN_NEW,
    "scattered_update": PLAIN_UPDATE,
    "obligation": ("a further perp settled on Derive", 111_000),
    "token_mint": ("the same on Strands' token", 36_877),
    "token_burn": ("the same on Strands' token", 38_742),
    "token_transfer": ("the same on Strands' token", 36_494),
}
"""What is stated, by measure; marks have a baseline that is measured beside them."""
MEASURED = {"mark": "plain_update", "mark_sparse": "plain_update"}


def measures(say: Callable[[str], None]) -> list[Measure]:
    """Run every scenario; `say` is told what comes next."""
    told: list[GasMeasured] = []
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        for name, scenario in SCENARIOS.items():
            say(name)
            told += [GasMeasured(*row) for row in scenario(node, _deployed(node, name))]
    live = {one.measure: one for one in told}
    return [_beside(one, live) for one in told]


def _deployed(node: Node, name: str) -> Contracts:
    """Everything afresh, so that no scenario finds another's slots written."""
    operator = signer_of(f"operator of {name}")
    node.rpc("anvil_setBalance", operator.address, hex(10**24))
    venues = {"harbour": signer_of("venue/harbour")}
    traded = tuple(
        Instrument(number, "harbour", f"C{number}-PERP", Kind.PERP, f"C{number}", 1_000, 10_000)
        for number in range(1, LISTED + 1)
    )
    plan = Plan((Asset("USDC", 6, 6),), venues, signer_of("custodian"), 300, traded)
    return deploy(node, operator, plan)


def _beside(one: GasMeasured, live: dict[str, GasMeasured]) -> Measure:
    """A measure with its baseline; the ratio says how many times as cheap it is."""
    name, gas = BASELINES.get(one.measure, ("none", 0))
    if beside := live.get(MEASURED.get(one.measure, "")):
        name, gas = beside.note, beside.gas
    ratio = gas / one.gas
    return Measure(one.measure, one.gas, f"gas, {one.note}", name, gas, ratio, ratio, ratio)
