"""`bulkhead sign` with a key of one's own: it is asked after the instruction has been shown, and only if that could
still be accepted.
"""

from settlement.commands.instruction_adding import Asked, SignRefusal, has_signed, kept, read_out, refused
from settlement.commands.key_choice import Chosen
from settlement.commands.key_opening import opened_key


def sign(asked: Asked, key: Chosen, now_s: int, as_json: bool) -> int:
    """Add one signature; FAILED where nothing is signed. `now_s`: UTC seconds.

    Raises InputError for what cannot be read, KeystoreError or TokenError where the key refuses.
    """
    key.require_one()
    signed, refusal = read_out(asked, now_s)
    if refusal:
        return refused(refusal)
    with opened_key(key) as signer:
        if has_signed(signed, signer.address):
            return refused(SignRefusal.KEY_HAS_SIGNED_ALREADY, f" ({signer.address})")
        more = signed.signed_by(signer)
    return kept(asked, more, as_json)
