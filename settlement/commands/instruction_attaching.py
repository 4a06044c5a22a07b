"""A signature made elsewhere: what a wallet is given to sign, and what it gave, put under the instruction.

A signature that is not its key's would have the custodian decline all of them, so none is attached; of a contract's
only the chain can tell, and whoever attaches it says that it is one.
"""

from dataclasses import dataclass, replace

from eth_utils.address import is_address, to_checksum_address

from custody.curve import is_signed_by
from custody.shapes import FieldError
from custody.signed import Bytes, Signature, for_wallet
from settlement.commands.fields import InputError
from settlement.commands.instruction_adding import Asked, SignRefusal, has_signed, kept, read_out, refused
from settlement.commands.printing import print_json
from settlement.commands.running import DONE


@dataclass(frozen=True, slots=True)
class Given:
    """A signature as a wallet gave it, 0x and hex digits, and in whose name: an account's or a contract's, not both."""

    signature: str
    account: str = ""
    contract: str = ""


def typed_data(file: str, now_s: int) -> int:
    """Print what eth_signTypedData_v4 takes; FAILED for an instruction that has expired at `now_s` (UTC seconds)."""
    signed, refusal = read_out(Asked(file), now_s)
    if refusal:
        return refused(refusal)
    print_json(for_wallet(signed.domain, signed.instruction))
    return DONE


def attach(asked: Asked, given: Given, now_s: int, as_json: bool) -> int:
    """Add a signature that was made elsewhere; FAILED where it is not the account's. InputError for what is none."""
    if bool(given.account) == bool(given.contract):
        raise InputError("--attach: expected whose signature it is, by --as or by --as-contract, one of them")
    key = _address("--as", given.account) if given.account else _address("--as-contract", given.contract)
    found = _bytes(given.signature)
    signed, refusal = read_out(asked, now_s)
    if refusal is None and has_signed(signed, key):
        refusal = SignRefusal.KEY_HAS_SIGNED_ALREADY
    if refusal:
        return refused(refusal, f" ({key})" if refusal is SignRefusal.KEY_HAS_SIGNED_ALREADY else "")
    proper = found if given.contract else _proper(key, signed.digest(), found)
    if proper is None:
        why = f" (not {key}'s, of this digest; of a contract's, --as-contract says so)"
        return refused(SignRefusal.SIGNATURE_IS_NOT_THE_KEYS, why)
    more = replace(signed, signatures=(*signed.signatures, Signature(key, Bytes(proper))))
    return kept(asked, more, as_json)


def _proper(address: str, digest: bytes, signature: bytes) -> bytes | None:
    """The signature in its only proper form, if it is this address's: some wallets write v as 0 or 1."""
    told = signature[:64] + bytes([signature[64] + 27]) if len(signature) == 65 and signature[64] < 2 else signature
    return told if is_signed_by(address, digest, told) else None


def _bytes(text: str) -> bytes:
    try:
        return Bytes.parse(text.lower()).value
    except FieldError as error:
        raise InputError(f"--attach: {error}") from None


def _address(option: str, text: str) -> str:
    """With EIP-55's capitals, as keyrings name it; InputError for another text, or capitals that are a slip."""
    if not (text.startswith("0x") and is_address(text)):
        raise InputError(f"{option}: expected an address, 0x and 40 hex digits, found {text[:60]!a}")
    return to_checksum_address(text)
