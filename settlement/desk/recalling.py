"""What clients ask back: held, released on chain with the holder's signature, posted; or waiting for what blocks it."""

from dataclasses import dataclass, field

from custody.movements import Movement
from custody.states import Act, State
from settlement.desk.handling import Handling
from settlement.desk.instructing import Instructing
from settlement.desk.liens import LienRoom
from settlement.desk.margin_liens import MarginLiens
from settlement.desk.world import DeskError, World

LOOKED_AT_EVERY_S = 3_600
"""How often the custodian looks for what is overdue; when it does changes no outcome."""


@dataclass(slots=True)
class RecallRoom:
    """Brings collateral back to its owner. `waiting`: what was asked back and is blocked, by id."""

    world: World
    instructing: Instructing
    liens: LienRoom
    margin_liens: MarginLiens
    hands: Handling
    waiting: dict[str, Movement] = field(default_factory=dict)

    def recall(self, client: str, venue: str, asset: str, units: int) -> tuple[tuple[int, int], str]:
        """Bring collateral back from a venue: the journal positions written, and the transaction.

        DeskError where something stands against it; it waits all the same, as what is asked back.
        """
        with self.hands.written() as postings:
            movement, tx_hash = self.ask_back(client, venue, asset, units)
        if not tx_hash:
            raise DeskError(f"{movement.id} of {client} is {movement.state}: {movement.reason}")
        return postings.span, tx_hash

    def ask_back(self, client: str, venue: str, asset: str, units: int) -> tuple[Movement, str]:
        """A client asks for collateral back: it comes at once where nothing stands against it, by the transaction told.

        What is blocked waits with its reason until `look_again` finds that nothing stands against it any more.
        """
        self.liens.asked_back(client, venue)
        self.margin_liens.test(client, venue, asset)
        movement = self.instructing.recall(f"client/{client}", venue, self.world.setting.schedule[asset].asset, units)
        if movement.state is State.BLOCKED:
            self.waiting[movement.id] = movement
        return movement, self._let_go(movement) if movement.state is State.RECALL_REQUESTED else ""

    def look_again(self) -> None:
        """Every hour, let the custodian see what is overdue and what is blocked, and go on with what is no longer."""
        if self.world.now_s % LOOKED_AT_EVERY_S:
            return
        for movement in self.waiting.values():
            intent = movement.intent
            self.liens.asked_back(intent.name, intent.venue)
            self.margin_liens.test(intent.name, intent.venue, intent.asset)
        for answer in self.instructing.custodian.tick(self.world.now_s):
            if answer.movement and self.waiting.pop(answer.movement.id, None):
                if answer.movement.state is State.RECALL_REQUESTED:
                    self._let_go(answer.movement)
                self.world.forget()

    def _let_go(self, movement: Movement) -> str:
        """Release on chain what is held to be recalled, and post it; the transaction's hash."""
        intent = movement.intent
        tx_hash = self.hands.release(intent.name, intent.venue, intent.asset, intent.units)
        self.instructing.tell(movement.id, Act.RELEASE, f"venue/{intent.venue}", tx_hash)
        return tx_hash
