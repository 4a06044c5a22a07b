"""What all schedules of one process stand on: a deployment kept as a node's state, and a PostgreSQL if one is wanted.

A node that takes its chain from a file is there in a tenth of a second, so every schedule has a chain of its own.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from eth_utils.crypto import keccak

from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from custody.money import Asset
from custody.signers import LocalSigner
from custody.typed_data import Domain
from scripts.postgres_server import PostgresServer
from settlement.chain import Chain
from settlement.contracts import ALL, Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.engine.roster import Member, Roster
from settlement.keys import signer_of
from settlement.node import Node
from settlement.records import DESK
from settlement.reports import reporting_domain
from settlement.reserve_attestation import Reserves
from settlement.venues.registry import Registry, Terms

EXPIRY_MS = 1_769_760_000_000
"""30 January 2026, 08:00 UTC: the call expires in the middle of every schedule."""
START_MS = EXPIRY_MS - 120_000
GENESIS_S = START_MS // 1000 - 600
PARTIES = tuple("0x" + keccak(text=f"party {number}")[:20].hex() for number in range(6))
USDC = Asset("USDC", 6, 6)
SIGNER = LocalSigner.for_demonstration("venue/harbour")
START_UNITS = 10**14
"""What each party has at the venue, in 1e-6 USD: more than any crowd can lose."""
WINDOW_S = 10
"""For disputes."""
PERPS, OPTIONS = "0x" + "a1" * 20, "0x" + "a2" * 20
REGISTRY = Registry.of(
    "harbour",
    [
        Terms(1, "ETH-PERP", PERPS, 100, 10_000),
        Terms(2, "ETH-20260130-3000-C", OPTIONS, 100, 100_000),
        Terms(3, "BTC-PERP", "0x" + "b1" * 20, 1000, 100_000),
    ],
)
SPOT_E6 = {"ETH": 3_100 * 10**6, "BTC": 90_000 * 10**6}


@dataclass(slots=True)
class Ground:
    """`state`: the file that a node starts from. `place` makes an empty database with all tables."""

    folder: Path
    state: Path
    contracts: Contracts
    chain_id: int
    domain: Domain
    roster: Roster
    _lives: ExitStack = field(default_factory=ExitStack)
    _server: PostgresServer | None = None

    def rebound(self, node: Node) -> Contracts:
        """The deployment as it is seen through another node."""
        chain, contracts = Chain(node, signer_of("operator"), ALL), self.contracts
        return replace(contracts, chain=chain, supply=dict(contracts.supply), attested=dict(contracts.attested))

    @contextmanager
    def place(self, is_postgres: bool, folder: Path) -> Iterator[str]:
        """Where a schedule keeps its ledger."""
        if not is_postgres:
            yield str(shutil.copy(self.folder / "empty.sqlite", folder / "ledger.sqlite"))
            return
        server = self.server()
        name = server.fresh(template="engine")
        try:
            yield server.url(name)
        finally:
            server.drop(name)

    def lose_connections(self, place: str) -> None:
        """PostgreSQL ends whoever is connected to a database."""
        name = place.partition("@/")[2].partition("?")[0]
        self.server().run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def server(self) -> PostgresServer:
        """PostgreSQL, from the first time that it is asked for."""
        if self._server is None:
            self._server = self._lives.enter_context(PostgresServer())
            open_database(self._server.url(self._server.fresh("engine")), schemas=(LEDGER, CUSTODIAN, DESK)).close()
        return self._server


@contextmanager
def prepared(folder: Path) -> Iterator[Ground]:
    """Deploy once, and keep what came of it in a folder."""
    state = folder / "deployed.json"
    operator, plan = signer_of("operator"), Plan(
        (USDC,), {"harbour": signer_of("venue/harbour")}, signer_of("custodian"), WINDOW_S,
        tuple(REGISTRY.by_number.values()),
    )  # fmt: skip
    with Anvil(genesis_s=GENESIS_S, state=state) as anvil, Node.of_anvil(anvil) as node:
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        node.rpc("anvil_setBalance", plan.custodian.address, hex(10**24))
        contracts = deploy(node, operator, plan)
        for party in PARTIES:
            contracts.credit(USDC, party, SIGNER.address, START_UNITS, Reserves(10**15, 1, bytes(32)))
        node.rpc("anvil_mine", hex(8))  # so that no reorganisation reaches the deployment
        chain_id = node.chain_id
    open_database(folder / "empty.sqlite", schemas=(LEDGER, CUSTODIAN, DESK)).close()
    roster = Roster.of([Member("harbour", SIGNER.address, PARTIES, plan.instruments)], contracts.listed)
    with ExitStack() as lives:
        yield Ground(folder, state, contracts, chain_id, reporting_domain(chain_id, contracts.positions), roster, lives)


def process_file(ground: Ground, place: str, url: str, feed: Path, ahead_ms: int, depth: int) -> str:
    """What `python -m settlement.engine` reads."""
    member = ground.roster.members["harbour"]
    instruments = [
        {"id": one.id, "venue": one.venue, "symbol": one.symbol, "kind": one.kind.value, "underlying": one.underlying,
         "lots_per_coin": one.lots_per_coin, "tick_e6": one.tick_e6, "strike_e6": one.strike_e6,
         "expires_at_s": one.expires_at_s}
        for one in member.instruments
    ]  # fmt: skip
    return json.dumps({
        "database": place, "rpc_url": url, "position_book": ground.contracts.positions,
        "members": [{"venue": "harbour", "signer": member.signer, "accounts": list(PARTIES),
                     "instruments": instruments}],
        "listed": ground.contracts.listed, "feeds": [{"venue": "harbour", "folder": str(feed)}], "depth": depth,
        "settings": {"patience_s": 0.5, "again_s": 0.02}, "clock_ahead_ms": ahead_ms,
        "chain_id": ground.chain_id, "timeout_s": 1, "give_up_s": 2,
    })  # fmt: skip
