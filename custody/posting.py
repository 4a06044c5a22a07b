"""Posting: judge a set of transfers against what is in hand, append what was accepted, seal it.

Most sets are judged by the kernel, on the assumption that their ids are new. Where the database finds one taken, or
where the set holds chains or ends what is pending, the plain rules decide, with everything before them that could
matter. Both leave the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from custody.appending import Appender
from custody.batches import Batch, batch_of, batch_of_columns
from custody.columns import Columns, are_plain_ids
from custody.journal import Place, checksum_of, encoded
from custody.kernel import admit, admit_all
from custody.money import MAX_UNITS
from custody.plainly import post_plainly
from custody.tallies import Tally
from custody.transfers import Kind, Outcome, Refusal, Transfer, has_plain_id, is_text

_POSTED, _PENDING = Kind.POSTED, Kind.PENDING


@dataclass(slots=True)
class Posting(Appender):
    """Posts, within a write transaction that is somebody else's to begin and to end."""

    def post(self, transfers: Sequence[Transfer], now_s: int) -> list[Outcome]:
        """Apply transfers in order; one outcome each."""
        if len(transfers) == 1:
            outcome = self._post_one(transfers[0], now_s)
            if outcome is not None:
                return [outcome]
        elif _are_plain(transfers):
            refused = self._post_many(transfers, now_s)
            if refused is not None:
                return [Outcome(one.id, refused.get(index)) for index, one in enumerate(transfers)]
        return post_plainly(self, transfers, now_s)

    def post_columns(self, columns: Columns, now_s: int) -> dict[int, Refusal] | list[Outcome]:
        """Apply transfers given as columns: the refusals by index where no id was known before, else all outcomes."""
        debits, credits_ = columns.sums("debit_accounts"), columns.sums("credit_accounts")
        touched, refused = debits.keys() | credits_.keys(), None
        self.take_in_hand_keys(touched)
        if columns.are_plain():
            refused = self._post_all(columns, debits, credits_, now_s)
            if refused is None:
                self.take_in_hand_keys(touched)
                refused = self._post_fast(self._batch(columns), now_s)
        if refused is not None:
            return refused
        self.take_in_hand_keys(touched)
        keys = columns.debit_accounts.tolist() + columns.credit_accounts.tolist()
        tallies = map(self.in_hand.by_key.get, keys)
        names = [tally.account.id if tally else self._nobodys(key) for key, tally in zip(keys, tallies, strict=True)]
        return post_plainly(self, columns.transfers(names), now_s)

    def _batch(self, columns: Columns) -> Batch:
        by_key = self.in_hand.by_key
        debits = [by_key.get(key) for key in columns.debit_accounts.tolist()]
        return batch_of_columns(columns, debits, [by_key.get(key) for key in columns.credit_accounts.tolist()])

    def _post_all(
        self, columns: Columns, debits: dict[int, int], credits_: dict[int, int], now_s: int
    ) -> dict[int, Refusal] | None:
        """No refusals, where there is room for all of them whatever their order; else None, and nothing is done."""
        by_key, kind = self.in_hand.by_key, columns.numbers("kinds")
        if not isinstance(kind, int) or not columns.sums_fit or not (debits.keys() | credits_.keys()) <= by_key.keys():
            return None
        payers = [(by_key[key], units) for key, units in debits.items()]
        payees = [(by_key[key], units) for key, units in credits_.items()]
        if not admit_all(payers, payees, kind):
            return None
        touched = {tally for tally, _ in (*payers, *payees)}
        if self.append(batch_of_columns(columns, (), ()).rows(self.in_hand.last.position + 1), touched, now_s):
            return {}
        self.in_hand.forget(touched)
        return None

    def _post_one(self, one: Transfer, now_s: int) -> Outcome | None:
        """`_post_many` for a set of one, where columns would cost as much as everything else together."""
        if not (_is_plain(one) and has_plain_id(one)):
            return None
        by_id = self.in_hand.by_id
        if one.debit_account not in by_id or one.credit_account not in by_id:
            self.take_in_hand((one.debit_account, one.credit_account))
        debit, credit = by_id.get(one.debit_account), by_id.get(one.credit_account)
        refused = admit((debit,), (credit,), (one.amount,), (one.kind,))
        if refused or debit is None or credit is None:
            return None if self.store.knows_any([one.id]) else Outcome(one.id, refused[0])
        position = self.in_hand.last.position + 1
        sealed = encoded(one, Place(position, debit.key, credit.key))
        row = (
            position, one.id, debit.key, credit.key, one.amount, int(one.reason), int(one.kind), None, 0, one.reference,
            one.occurred_at_s, one.expires_at_s, checksum_of(sealed),
        )  # fmt: skip
        if self.append_one(row, sealed, (debit, credit), now_s):
            return Outcome(one.id)
        self.in_hand.forget((debit, credit))
        return None

    def _post_many(self, transfers: Sequence[Transfer], now_s: int) -> dict[int, Refusal] | None:
        """The refusals by index; None, and nothing is done, where the plain rules have to decide."""
        self.take_in_hand([name for one in transfers for name in (one.debit_account, one.credit_account)])
        by_id = self.in_hand.by_id
        debits = [by_id.get(one.debit_account) for one in transfers]
        credits_ = [by_id.get(one.credit_account) for one in transfers]
        return self._post_fast(batch_of(transfers, debits, credits_), now_s)

    def _post_fast(self, batch: Batch, now_s: int) -> dict[int, Refusal] | None:
        """The refusals by index; None, and nothing is done, where the plain rules have to decide."""
        refused = admit(batch.debits, batch.credits, batch.each("amounts"), batch.each("kinds"))
        touched: set[Tally | None] = {*batch.debits, *batch.credits}
        known = [tally for tally in touched if tally is not None]
        accepted = batch.without(refused) if refused else batch
        is_doubtful = bool(refused) and self._might_be_known(batch, refused)
        if not is_doubtful and not accepted.ids:
            return refused
        if is_doubtful or not self.append(accepted.rows(self.in_hand.last.position + 1), known, now_s):
            self.in_hand.forget(known)
            return None
        return refused

    def _might_be_known(self, batch: Batch, refused: dict[int, Refusal]) -> bool:
        """A refused transfer is not inserted, so the index over ids does not say whether its own is known already."""
        return len(set(batch.ids)) < len(batch.ids) or self.store.knows_any([batch.ids[index] for index in refused])

    def _nobodys(self, key: int) -> str:
        """A name for a key that is no account's: the plain rules know accounts by name, and must not find this one."""
        name = f"key {key}"
        while True:
            self.take_in_hand([name])
            if name not in self.in_hand.by_id:
                return name
            name += "?"


def _are_plain(transfers: Sequence[Transfer]) -> bool:
    return are_plain_ids([one.id for one in transfers]) and all(map(_is_plain, transfers))


def _is_plain(one: Transfer) -> bool:
    """Whether a transfer is well formed but for its id, posted or pending, and linked to nothing."""
    return (
        not one.linked
        and (one.kind is _POSTED or one.kind is _PENDING)
        and 0 < one.amount <= MAX_UNITS
        and one.debit_account != one.credit_account
        and not one.pending_id
        and is_text(one.reference)
        and (one.expires_at_s == 0 or (one.kind is _PENDING and one.expires_at_s > one.occurred_at_s))
    )
