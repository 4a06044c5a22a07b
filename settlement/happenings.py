"""What the desk did, as facts that a story, a webhook or a page can be made from."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of the desk: who, where, the figures (ledger units or 1e-6 USD, unit last in the name), and its proof.

    `postings` are the first and last journal position that it wrote, (0, 0) for none; `tx_hash` is its transaction.
    """

    at_s: int
    kind: str
    party: str = ""
    venue: str = ""
    facts: dict[str, int | str] = field(default_factory=dict)
    postings: tuple[int, int] = (0, 0)
    tx_hash: str = ""
