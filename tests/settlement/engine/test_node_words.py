"""Every client's words for the same refusal mean the same."""

import pytest

from settlement.engine.node_words import Meaning, meaning


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("already known", Meaning.ALREADY_KNOWN),
        ("transaction already imported", Meaning.ALREADY_KNOWN),
        ("AlreadyKnown", Meaning.ALREADY_KNOWN),
        ("nonce too low", Meaning.NONCE_TOO_LOW),
        ("nonce too low: next nonce 9, tx nonce 7", Meaning.NONCE_TOO_LOW),
        ("OldNonce, Current nonce: 9, nonce of rejected tx: 7", Meaning.NONCE_TOO_LOW),
        ("replacement transaction underpriced", Meaning.REPLACEMENT_UNDERPRICED),
        ("could not replace existing tx", Meaning.REPLACEMENT_UNDERPRICED),
        ("transaction underpriced: tip needed 1, tip permitted 0", Meaning.FEE_TOO_LOW),
        ("max fee per gas less than block base fee", Meaning.FEE_TOO_LOW),
        ("FeeTooLow, MaxFeePerGas too low", Meaning.FEE_TOO_LOW),
        ("txpool is full", Meaning.POOL_IS_FULL),
        ("Insufficient funds for gas * price + value", Meaning.REFUSED),
        ("intrinsic gas too low", Meaning.REFUSED),
        ("exceeds block gas limit", Meaning.REFUSED),
    ],
)
def test_words(words: str, meant: Meaning) -> None:
    assert meaning({"code": -32000, "message": words}) is meant


def test_no_error_is_taken_and_no_words_are_a_refusal() -> None:
    assert meaning(None) is Meaning.TAKEN
    assert meaning({"code": -32000}) is Meaning.REFUSED


@pytest.mark.parametrize("meant", Meaning)
def test_what_may_be_done_about_it(meant: Meaning) -> None:
    told = meant.is_held, meant.may_succeed_later, meant.wants_more
    assert (
        told
        == {
            Meaning.TAKEN: (True, False, False),
            Meaning.ALREADY_KNOWN: (True, False, False),
            Meaning.NONCE_TOO_LOW: (False, False, False),
            Meaning.REPLACEMENT_UNDERPRICED: (False, False, True),
            Meaning.FEE_TOO_LOW: (False, True, True),
            Meaning.POOL_IS_FULL: (False, True, False),
            Meaning.REFUSED: (False, False, False),
        }[meant]
    )
