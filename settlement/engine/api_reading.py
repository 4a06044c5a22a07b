"""What the API reads: each answer from one moment of the database, whoever writes it meanwhile."""

from dataclasses import dataclass

from custody.books import Books
from custody.database import Database
from settlement.engine import cycle_store as store
from settlement.engine import telling, webhooks
from settlement.engine.asking import Asked
from settlement.engine.cycle_store import Query
from settlement.engine.presenting import Balance, Json, Presenter, page, shown_endpoint, shown_event
from settlement.engine.problems import ProblemError


@dataclass(frozen=True, slots=True)
class Reading:
    """A ledger with the engine's tables."""

    database: Database
    show: Presenter

    def cycles(self, asked: Asked) -> Json:
        with self.database.snapshot() as reader:
            found = store.cycles(reader, _query(asked), asked.after, asked.limit)
        return page(map(self.show.cycle, found), asked.limit)

    def cycle(self, cycle_id: str) -> Json:
        """One cycle with its net obligations."""
        with self.database.snapshot() as reader:
            found = store.cycles(reader, Query(id=cycle_id), 0, 1)
            if not found:
                raise ProblemError(404, "cycle_not_found", f"there is no cycle {cycle_id}")
            rows = store.obligations_of(reader, cycle_id)
        return {**self.show.cycle(found[0]), "obligations": [self.show.obligation(row) for row in rows]}

    def gross(self, cycle_id: str) -> Json:
        """What a cycle's nets are derived from."""
        with self.database.snapshot() as reader:
            rows = store.gross_of(reader, cycle_id)
        return {"items": [self.show.gross(row) for row in rows], "next_after": None}

    def disputes(self, asked: Asked) -> Json:
        with self.database.snapshot() as reader:
            found = store.disputes(reader, _query(asked), asked.after, asked.limit)
        return page(map(self.show.dispute, found), asked.limit)

    def balances(self, asked: Asked, now_s: int) -> Json:
        """Mirrored balances, all at one journal position."""
        books = Books(self.database)
        with self.database.snapshot() as reader:
            accounts, totals, head = books.accounts(reader), books.all_totals(reader), books.head(reader)
        found = [Balance.of(account, totals[account.id]) for account in accounts]
        wanted = [one for one in found if one is not None
                  and asked.words.get("venue") in (None, one.venue)
                  and asked.words.get("party") in (None, one.party)
                  and asked.words.get("asset") in (None, one.asset)]  # fmt: skip
        shown = [{**self.show.balance(one, head.position, now_s), "position": number}
                 for number, one in enumerate(wanted, 1)]  # fmt: skip
        return page(shown[asked.after : asked.after + asked.limit], asked.limit)

    def events(self, asked: Asked) -> Json:
        found = self.told(asked.after, asked.limit, asked.words.get("object", ""))
        within = [one for one in found if (asked.from_s or 0) <= one.occurred_at_s < (asked.to_s or 1 << 63)]
        # The cursor is that of what was looked at, not of what was found in it.
        following = found[-1].position if len(found) == asked.limit else None
        return {"items": [shown_event(one) for one in within], "next_after": following}

    def told(self, after: int, limit: int, object_id: str = "") -> list[telling.Told]:
        with self.database.snapshot() as reader:
            return telling.told(reader, after, limit, object_id)

    def endpoints(self, party: str = "") -> Json:
        with self.database.snapshot() as reader:
            return {"items": [shown_endpoint(*one) for one in webhooks.endpoints(reader, party)], "next_after": None}

    def head(self) -> int:
        """The journal's position."""
        return Books(self.database).head().position


def _query(asked: Asked) -> Query:
    words = asked.words
    return Query("", words.get("venue", ""), words.get("state", ""), words.get("cycle", ""), asked.from_s, asked.to_s)
