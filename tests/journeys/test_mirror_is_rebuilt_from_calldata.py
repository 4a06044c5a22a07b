"""An auditor with a node and nothing else: positions, and what each cycle paid, from events, calldata and marks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from custody.delegation import Standing
from settlement.desk.settling import Open
from settlement.mirror import FUND, HOUSE
from settlement.rebuild import RebuildError, batches, listings, rebuilt
from settlement.replica import Replica
from tests.journeys.conftest import CLIENTS, PERP, STEP_S, VENUE

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

PARTIES = (HOUSE, FUND, *CLIENTS)


def eventful(harbour: "Harbour") -> dict[bytes, dict[str, int]]:
    """Trades, a crash with liquidations and penalties, and four cycles; every cycle's dues by its batch's digest."""
    dues: dict[bytes, dict[str, int]] = {}

    def settle(btc: int) -> None:
        harbour.see(STEP_S, btc)
        harbour.work(cut_off=True)
        proposed: Open = harbour.desk.settlement.open[VENUE]
        dues[proposed.on_chain.positions_digest] = dict(proposed.cycle.dues)
        harbour.see(STEP_S, btc)
        harbour.work()

    for client in CLIENTS:
        harbour.bring(client, 300_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.trade("maker", -4)
    harbour.work()
    settle(99_000)
    harbour.trade("hedger", -2)
    harbour.work()
    settle(97_500)
    for btc in (90_000, 85_000, 84_000):
        harbour.see(3_600, btc)
        harbour.work()
    settle(84_000)
    harbour.trade("maker", 4)
    settle(88_000)
    harbour.desk.audit.after_act()
    return dues


def test_every_cycle_is_recomputed_and_every_position_found(harbour: "Harbour") -> None:
    settled = eventful(harbour)
    world = harbour.world
    assert "liquidation_slice" in {told.kind for told in harbour.heard}, "penalties are among what is recomputed"
    names = {world.holder_address(party, VENUE).lower(): party for party in PARTIES}

    node, book = harbour.node, world.contracts.positions
    traded = listings(node, book)
    replica = Replica({number: one.lot_size_e18 for number, one in traded.items()})
    recomputed = {}
    for batch in batches(node, book):
        replica.apply(batch)
        if replica.digest in settled:
            recomputed[replica.digest] = {names[who]: units for who, units in replica.dues(traded).items()}
            replica.settle(traded)

    assert len(recomputed) == len(settled) == 4
    for digest, dues in settled.items():
        assert recomputed[digest] == {party: dues[party] for party in recomputed[digest]}
        assert not any(dues[party] for party in dues.keys() - recomputed[digest].keys())
        assert sum(dues.values()) == 0 != max(dues.values())
    assert (replica.sequence, replica.digest) == world.contracts.head()
    lots = world.contracts.positions_of((who, PERP) for who in names)
    assert lots == [replica.positions.get((who, world.contracts.listed[PERP]), 0) for who in names]
    assert replica.positions == rebuilt(node, book).positions


def test_the_listing_says_what_a_lot_is(harbour: "Harbour") -> None:
    (listing,) = listings(harbour.node, harbour.world.contracts.positions).values()
    assert (listing.sub_id, listing.lot_size_e18) == (0, 10**15)
    assert len(bytes.fromhex(listing.asset[2:])) == 20


OTHER_CALLDATA = {
    "another time": (lambda text: text[:201] + ("0" if text[201] != "0" else "1") + text[202:], "does not hash to"),
    "cut short": (lambda text: text[:-64], "calldata that nobody could have mirrored"),
    "another function": (lambda text: "0x00000000" + text[10:], "through another contract"),
}


@pytest.mark.parametrize("name", OTHER_CALLDATA)
def test_a_node_that_shows_other_calldata_is_caught(
    open_harbour: Callable[[Standing], "Harbour"], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    harbour, (falsified, told) = open_harbour(Standing.SEGREGATED), OTHER_CALLDATA[name]
    harbour.bring("maker", 300_000, 150_000)
    harbour.trade("maker", 1)
    harbour.work()
    node, book = harbour.node, harbour.world.contracts.positions
    assert len(list(batches(node, book))) == 1
    honest = node.rpc

    def lying(method: str, *params: object) -> Any:
        answer = honest(method, *params)
        if method != "eth_getTransactionByHash":
            return answer
        return {**answer, "input": falsified(answer["input"])}

    monkeypatch.setattr(node, "rpc", lying)
    with pytest.raises(RebuildError, match=told):
        list(batches(node, book))
