"""`bulkhead prove`: the books at one moment become a signed root, an attestation, and a proof for every owner."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from custody.books import BooksError
from custody.inclusion import Liabilities, SignedLiabilities, to_json
from custody.journal import Head
from custody.liabilities import LiabilitiesError
from custody.owed import Owed, Register, owed
from custody.publications import GENESIS, Publication, SignedPublication, Where, admit
from custody.reserves import Attestation, SignedAttestation
from custody.shapes import FieldError, plain, shaped
from custody.signatures import Address, Hash
from custody.signers import Signer
from custody.strict_json import parse_json
from settlement.commands.fields import InputError
from settlement.commands.key_choice import NOT_CHOSEN, Chosen
from settlement.commands.key_opening import opened_key
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.proving import Asked
from settlement.commands.running import DONE, looked_at
from settlement.commands.watching import watched

SCALES = {"USDC": 6, "USDT": 6, "BTC": 8, "ETH": 9}
"""Decimal places of a ledger unit, for the assets that everybody keeps alike; of others it has to be said."""

LIABILITIES, ATTESTATION, PROOFS = "liabilities.json", "attestation.json", "proofs"
_PRIVATE = 0o700  # a proof tells what its owner has, and is for that owner only

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Last:
    """What was published before: the statement that the next one follows, and its digest."""

    statement: Publication | None = None
    digest: Hash = GENESIS

    @property
    def next_sequence(self) -> int:
        """The number of the next publication."""
        return 1 if self.statement is None else self.statement.sequence + 1


def publish(asked: Asked, now_s: int, as_json: bool) -> int:
    """Write the publication's folder; `now_s` (UTC seconds) is the moment that it speaks of.

    InputError for what cannot be read; BooksError where the books cannot be published, do not follow what was published
    before, or the folder holds a publication already.
    """
    scale, where = scale_of(asked.asset, asked.scale), _where(asked)
    chosen = Chosen(demonstration="custodian") if asked.key == NOT_CHOSEN else asked.key
    with opened_key(chosen) as signer:
        return _published(asked, scale, where, signer, now_s, as_json)


def _published(asked: Asked, scale: int, where: Where, signer: Signer, now_s: int, as_json: bool) -> int:
    seed = _bytes_of(asked.seed_file) if asked.seed_file else os.urandom(32)
    owing, holding = _before(asked, LIABILITIES, SignedLiabilities), _before(asked, ATTESTATION, SignedAttestation)
    due, head = _at_one_moment(asked)
    register = _register(due, seed, owing.next_sequence)
    root = register.tree.root
    at = (head.position, Hash(head.digest), now_s)
    liabilities = Liabilities(
        asked.asset, scale, Hash(root.hash), root.units, register.tree.count, *at, owing.next_sequence, owing.digest
    )
    attestation = Attestation(asked.asset, scale, root.units, *at, holding.next_sequence, holding.digest)
    for last, statement in ((owing, liabilities), (holding, attestation)):
        if refusal := admit(last.statement, statement, where, now_s, longest_age_s=0):
            raise BooksError(f"this would not follow what was published before: {refusal}")
    signed = SignedLiabilities.by(signer, liabilities, where)
    _write(asked.out, register, signed, SignedAttestation.by(signer, attestation, where), as_json)
    _say(asked.out, signed, as_json)
    return DONE


def _at_one_moment(asked: Asked) -> tuple[Owed, Head]:
    with looked_at(asked.place) as (database, books), database.snapshot() as reader:
        closed = books.closed_accounts(reader)
        accounts = [account for account in books.accounts(reader) if account.id not in closed]
        totals, head = books.all_totals(reader), books.head(reader)
    try:
        return owed(asked.asset, accounts, totals), head
    except LiabilitiesError as error:
        raise BooksError(str(error)) from error


def _register(due: Owed, seed: bytes, sequence: int) -> Register:
    try:
        return Register(due, seed, sequence)
    except LiabilitiesError as error:
        raise BooksError(str(error)) from error


def _write(out: Path, register: Register, signed: SignedLiabilities, held: SignedAttestation, as_json: bool) -> None:
    """The proofs first and the root last: where the root stands, everything does."""
    try:
        if out.exists() and any(out.iterdir()):
            raise BooksError(f"{out} holds something already; nothing was written")
        (out / PROOFS).mkdir(mode=_PRIVATE, parents=True)
        with watched("proofs written", as_json) as watch:
            for number, owner in enumerate(register.owners, start=1):
                _put(out / PROOFS / f"{owner}.json", to_json(register.proof(owner, signed)))
                watch.reach(number, len(register.owners))
        _put(out / ATTESTATION, _text(held))
        _put(out / LIABILITIES, _text(signed))
    except OSError as error:
        raise BooksError(f"{out} cannot be written: {error.strerror}") from error
    except FieldError as error:  # an account of another chart than ours
        raise BooksError(f"there can be no proof: {error}") from error


def _put(file: Path, text: str) -> None:
    """Write a file that is not there yet: two owners are never one file, whatever the file system takes for equal."""
    file.parent.mkdir(mode=_PRIVATE, exist_ok=True)
    with file.open("x", encoding="utf-8") as opened:
        opened.write(text)


def _say(out: Path, signed: SignedLiabilities, as_json: bool) -> None:
    statement = signed.statement
    if as_json:
        print_json({"out": str(out), "digest": str(signed.digest()), **plain(signed)})
        return
    print_line(printable(f"{out}: {statement.accounts} owners are owed {statement.units} units of {statement.asset}"))
    print_line(f"statement {statement.sequence}, root {statement.root}, signed by {signed.custodian}")


def _before(asked: Asked, name: str, kind: type[SignedPublication]) -> Last:
    """The publication in the folder of the one that this follows."""
    if asked.previous is None:
        return Last()
    file = asked.previous / name if asked.previous.is_dir() else asked.previous.parent / name
    signed = _read(str(file), _bytes_of(file), lambda text: shaped(kind, parse_json(text)))
    return Last(signed.statement, signed.digest())


def scale_of(asset: str, said: int | None) -> int:
    """Decimal places of a ledger unit, as said or as everybody has them; InputError where neither tells."""
    scale = SCALES.get(asset) if said is None else said
    if scale is None:
        raise InputError(f"--scale: how many decimal places a ledger unit of {asset} has is not known here")
    return scale


def _where(asked: Asked) -> Where:
    return Where(asked.chain_id, _read("--contract", asked.contract.encode(), Address.parse))


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: expected a readable file, found {error.strerror}") from error


def _read(place: str, raw: bytes, parse: Callable[[str], Read]) -> Read:
    try:
        return parse(raw.decode())
    except (UnicodeDecodeError, FieldError) as error:
        raise InputError(f"{place}: {error}") from error


def _text(value: Any) -> str:
    return json.dumps(plain(value), indent=1) + "\n"
