"""What the benchmark compares is the same work: batches that are good on another node, and say what they count."""

from scripts.bench import mirror
from scripts.bench.mirror_rivals import one_by_one, same_calldata
from scripts.bench.mirror_world import fills, world
from settlement.batch import RUN


def test_the_engines_batches_are_mined_on_a_node_that_is_like_its_own() -> None:
    with world() as place:
        run = mirror.mirrored(place, 9_000, 500, seed=1)
        head = place.contracts.head()
    with world() as place:
        assert same_calldata(place, run.batches, mirror.SIZES["batch_gas"]) > 0
        assert place.contracts.head() == head
    lots = [lots for batch in run.batches for _, runs in batch.rows() for one in runs for lots in one.lots]
    assert run.positions == sum(map(bool, lots))
    assert sum(len(batch.runs) for batch in run.batches) // RUN.size * 4 == len(lots)
    assert len(run.latencies_ms) == 3


def test_the_plain_client_mirrors_one_position_a_transaction() -> None:
    with world() as place:
        assert one_by_one(place, 3) > 0
        assert place.contracts.head()[0] == 3


def test_fills_are_between_two_clients_and_repeat() -> None:
    made = fills(1_000, 50, 7, 0)
    assert (made["buyer"] != made["seller"]).all()
    assert min(made["buyer"].min(), made["seller"].min()) >= 1
    assert max(made["buyer"].max(), made["seller"].max()) < 50
    assert (made == fills(1_000, 50, 7, 0)).all()
