"""The page that checks a proof, in a real browser from its file: the command's answers, and not one request."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak
from playwright.sync_api import Page, sync_playwright

from custody.curve import ORDER
from custody.inclusion import Inclusion, check_inclusion, inclusion_in, to_json
from custody.shapes import FieldError
from custody.signatures import Address, Hash, Signed
from custody.signers import LocalSigner
from settlement.commands.proof_words import MEANING
from tests.custody.publishing import CUSTODIAN, IMPOSTOR, OWED, proof, register, signed

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "settlement/page/verify.html"
CHROMIUM = Path("/usr/bin/chromium")
HOLDS = proof("venue/harbour")
SIGNATURE = HOLDS.liabilities.signature.value


class Visit:
    """The page, opened from its file, and whatever it asked for or complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(PAGE.as_uri())

    def show(self, text: str, custodian: str = "") -> tuple[str, str, str]:
        """Choose a file with this text: the colour of the answer, the check that failed, and all that is said."""
        self.page.evaluate("document.getElementById('result').hidden = true")
        self.page.fill("#custodian", custodian)
        file = {"name": "proof.json", "mimeType": "application/json", "buffer": text.encode()}
        self.page.set_input_files("#file", [])
        self.page.set_input_files("#file", [file])
        self.page.wait_for_selector("#result:not([hidden])")
        result = self.page.locator("#result")
        return result.get_attribute("class") or "", result.get_attribute("data-refusal") or "", result.inner_text()


@pytest.fixture(scope="module")
def visit() -> Iterator[Visit]:
    if not CHROMIUM.exists():
        pytest.skip("Debian's package chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        visit = Visit(browser.new_page())
        yield visit
        browser.close()


@pytest.fixture(autouse=True)
def silent(visit: Visit) -> Iterator[None]:
    """After every test: nothing was asked for but the page, and nothing was complained about."""
    yield
    assert visit.requests == [PAGE.as_uri()]
    assert visit.complaints == []


def test_a_good_proof_is_green_and_says_what_it_shows(visit: Visit) -> None:
    state, refusal, words = visit.show(to_json(HOLDS), CUSTODIAN.address)
    assert (state, refusal) == ("holds", "")
    told = ("This proof holds", "venue/harbour", "40.000000 USDC", "1,290.000162 USDC over 7 accounts")
    for said in (*told, "2026-02-06T00:00:00", "as you named", "does not show", "that the custodian holds the assets"):
        assert said in words
    assert "by the file's own word only" in visit.show(to_json(HOLDS))[2]


def changed(**changes: object) -> Inclusion:
    return replace(HOLDS, leaf=replace(HOLDS.leaf, **changes))


def resigned(signature: bytes) -> Inclusion:
    return replace(HOLDS, liabilities=replace(HOLDS.liabilities, signature=Signed(signature)))


HIGH_S = SIGNATURE[:32] + (ORDER - int.from_bytes(SIGNATURE[32:64], "big")).to_bytes(32, "big")
BAD = [
    register().proof("fees", signed(register(), IMPOSTOR)),
    resigned(SIGNATURE[:64] + b"\x00"),
    resigned(bytes(32) + SIGNATURE[32:]),
    resigned(SIGNATURE[:32] + bytes(32) + SIGNATURE[64:]),
    resigned(HIGH_S + bytes([55 - SIGNATURE[64]])),
    resigned(SIGNATURE[:64] + bytes([55 - SIGNATURE[64]])),
    resigned(bytes([0xFF]) * 16 + SIGNATURE[16:]),
    replace(proof("fees", accounts=0), path=()),
    proof("fees", units=1),
    changed(index=7),
    replace(HOLDS, path=HOLDS.path[:-1]),
    changed(units=1),
    changed(account="venue/quay"),
    changed(salt=Hash(bytes(32))),
    changed(index=3),
    replace(HOLDS, path=HOLDS.path[::-1]),
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_a_bad_proof_is_red_with_the_reason_that_the_command_gives(visit: Visit, bad: Inclusion) -> None:
    refusal = check_inclusion(bad, Address(CUSTODIAN.address))
    assert refusal is not None
    state, found, words = visit.show(to_json(bad), CUSTODIAN.address)
    assert (state, found) == ("fails", refusal)
    assert MEANING[refusal] in words


def test_every_check_has_the_words_of_the_command(visit: Visit) -> None:
    assert visit.page.evaluate("MEANING") == {str(refusal): words for refusal, words in MEANING.items()}


def test_every_text_in_the_file_counts(visit: Visit) -> None:
    """Each value that is one character off is red here exactly where it is refused or fails there."""
    text = to_json(HOLDS)
    values = [found.span(1) for found in re.finditer(r'"([^"]+)"[,\n]', text)]
    assert len(values) == 25
    for start, end in values:
        at = (start + end) // 2
        wrong = f"{text[:at]}{'1' if text[at] != '1' else '2'}{text[at + 1 :]}"
        try:
            expected = check_inclusion(inclusion_in(wrong), Address(CUSTODIAN.address))
            found = expected or ""
        except FieldError:
            found = "unreadable"
        assert found
        assert visit.show(wrong, CUSTODIAN.address)[:2] == ("fails", found)


UNREADABLE = [
    ("{", "JSON"),
    ("[]", "the file: expected an object"),
    (to_json(HOLDS).replace('"index"', '"Index"'), "leaf.Index: is not known here"),
    (to_json(HOLDS).replace('"index": "2"', '"index": 2'), "leaf.index: is not what it must be"),
    (to_json(HOLDS).replace('"index": "2"', '"index": "02"'), "leaf.index"),
    (to_json(HOLDS).replace('"format"', '"__proto__": {}, "format"'), "__proto__: is not known here"),
    (to_json(HOLDS).replace(CUSTODIAN.address, CUSTODIAN.address.lower()), "liabilities.custodian"),
    (json.dumps({"format": "bulkhead.inclusion.1"}), "leaf: is missing"),
]


@pytest.mark.parametrize(("text", "words"), UNREADABLE, ids=[row[1] for row in UNREADABLE])
def test_what_is_no_proof_is_red_and_the_field_named(visit: Visit, text: str, words: str) -> None:
    state, found, said = visit.show(text)
    assert (state, found) == ("fails", "unreadable")
    assert words in said


def test_what_stands_in_a_file_is_never_markup(visit: Visit) -> None:
    visit.show(to_json(HOLDS).replace('"leaf"', '"<img src=x onerror=alert(1)>"'))
    assert visit.page.locator("#result img").count() == 0


def test_the_custodian_can_be_named_afterwards(visit: Visit) -> None:
    visit.show(to_json(HOLDS))
    visit.page.fill("#custodian", IMPOSTOR.address)
    assert visit.page.get_attribute("#result", "data-refusal") == "custodian_is_another"
    visit.page.fill("#custodian", CUSTODIAN.address)
    assert visit.page.get_attribute("#result", "class") == "holds"
    visit.page.fill("#custodian", CUSTODIAN.address.lower())
    assert visit.page.get_attribute("#result", "data-refusal") == "unreadable"


def test_a_dropped_file_is_checked(visit: Visit) -> None:
    visit.page.evaluate("document.getElementById('result').hidden = true")
    drop = """(text) => {
        const carried = new DataTransfer();
        carried.items.add(new File([text], "proof.json"));
        document.getElementById("drop").dispatchEvent(
            new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carried }));
    }"""
    visit.page.fill("#custodian", CUSTODIAN.address)
    visit.page.evaluate(drop, to_json(HOLDS))
    visit.page.wait_for_selector("#result.holds:not([hidden])")


def test_its_keccak_is_ours_on_every_length(visit: Visit) -> None:
    messages = [os.urandom(length) for length in [*range(280), 1_000]]
    asked = [list(message) for message in messages]
    answers = visit.page.evaluate("(messages) => messages.map((one) => hex(keccak256(Uint8Array.from(one))))", asked)
    assert answers == [f"0x{keccak(message).hex()}" for message in messages]


def test_it_recovers_the_signers_of_many_digests(visit: Visit) -> None:
    signers = [LocalSigner.for_demonstration(f"client/{number}") for number in range(12)]
    digests = [keccak(bytes([number])) for number in range(12)]
    asked = [[list(one.sign_digest(digest)), list(digest)] for one, digest in zip(signers, digests, strict=True)]
    recover = "(asked) => asked.map(([s, d]) => signer(Uint8Array.from(d), Uint8Array.from(s)))"
    assert visit.page.evaluate(recover, asked) == [one.address for one in signers]


@pytest.mark.parametrize("owner", OWED)
def test_every_owner_can_check_here(visit: Visit, owner: str) -> None:
    assert visit.show(to_json(proof(owner)), CUSTODIAN.address)[0] == "holds"


def test_the_page_loads_nothing(visit: Visit) -> None:
    text = PAGE.read_text()
    assert (
        re.findall(r"https?://|<link(?! rel=\"icon\" href=\"data:,\")|@import|<script src|fetch\(|XMLHttp", text) == []
    )
    assert "default-src 'none'" in text
