"""`bulkhead margin`: cases in, answers out in their order, exact; and what is said of what is wrong, and where."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from margin.cases import answer
from margin.parameter_file import read_parameters
from settlement.cli import main
from tests.margin.worked import as_read, bare, line, plain, standard
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

PRICE = {
    "id": "price", "model": "Black76",
    "input": {"sec_to_expiry": 0, "vol": 1, "forward": 1500, "strike": 750, "discount": 1},
}  # fmt: skip
BAD = {**PRICE, "id": "bad", "input": {"sec_to_expiry": 0}}

Ask = Callable[..., Ran]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """A subcommand on a file with this text."""

    def ran(name: str, text: str, *options: str) -> Ran:
        file = tmp_path / "cases.json"
        file.write_text(text)
        capsys.readouterr()
        status = main(["margin", name, str(file), *options])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained.replace(str(file), "cases.json"))

    return ran


# -- evaluate ----------------------------------------------------------------------------------------------------------


def test_every_case_is_one_line_in_its_order_with_all_its_digits(ask: Ask) -> None:
    ran = ask("evaluate", line(plain()) + "\n" + line(PRICE))
    assert (ran.status, ran.complained) == (DONE, "")
    first, second = ran.said.splitlines()
    assert first.startswith('{"id": "plain", "im": -368.48761976175')
    wanted, read = answer(as_read(plain())), json.loads(first, parse_float=Decimal)
    assert [str(Decimal(read[name])) for name in ("im", "mm", "mtm")] == [str(wanted[n]) for n in ("im", "mm", "mtm")]
    assert list(read) == ["id", *wanted]
    assert second == '{"id": "price", "call": 750, "put": 0, "undiscounted_call_delta": 1}'


def test_an_object_with_cases_and_one_case_alone_are_read_too(ask: Ask) -> None:
    lines = ask("evaluate", line(plain()) + line(PRICE)).said
    assert ask("evaluate", json.dumps({"meta": {}, "cases": [plain(), PRICE]})).said == lines
    assert ask("evaluate", json.dumps({"meta": {}, "cases": [plain(), PRICE]}, indent=2)).said == lines
    assert ask("evaluate", json.dumps(plain(), indent=2)).said == lines.splitlines(keepends=True)[0]
    assert ask("evaluate", "").said == ""


def test_parameters_are_for_cases_that_bring_none(ask: Ask, tmp_path: Path) -> None:
    ran = ask("evaluate", line(standard()) + line(bare("PMRM_2")), "--parameters", "mainnet")
    assert ran.status == DONE
    wanted = answer(as_read(standard()), read_parameters("mainnet"))
    assert json.loads(ran.said.splitlines()[0], parse_float=Decimal)["im"] == Decimal(str(wanted["im"]))
    assert ask("evaluate", line(standard())).lines == [{"id": "standard", "error": "params is missing"}]
    own = tmp_path / "own.toml"
    own.write_text("[SRM]\nmargin = 1\n")
    ran = ask("evaluate", line(standard()), "--parameters", str(own))
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith("margin evaluate: --parameters: ")
    assert ran.complained.endswith("own.toml: SRM.margin is not known; there are depeg, markets\n")


def test_a_bad_case_is_answered_as_such_and_the_others_all_the_same(ask: Ask) -> None:
    ran = ask("evaluate", line(PRICE) + line(BAD) + '{"id": "torn\n' + line({"model": "SRM"}) + line(PRICE))
    assert ran.status == FAILED
    assert [one["id"] for one in ran.lines] == ["price", "bad", "line 3", "line 4", "price"]
    assert [one.get("error") for one in ran.lines] == [
        None, "input.forward is missing", ran.lines[2]["error"], "params is missing", None,
    ]  # fmt: skip
    assert ran.complained.splitlines()[0] == "margin evaluate: cases.json, line 2 (bad): input.forward is missing"
    assert ran.complained.splitlines()[1].startswith("margin evaluate: cases.json, line 3: is no JSON: ")
    ran = ask("evaluate", json.dumps({"cases": [PRICE, BAD]}))
    assert ran.complained == "margin evaluate: cases.json, cases[1] (bad): input.forward is missing\n"


@pytest.mark.parametrize("case", ["5", "null", '"text"', "[]", '{"id": "x", "id": "y"}', '{"id": 5}', "{}"])
def test_what_is_no_case_at_all_is_an_answer_too(ask: Ask, case: str) -> None:
    ran = ask("evaluate", f"{case}\n{line(PRICE)}")
    assert ran.status == FAILED
    assert [("error" in one, one["id"]) for one in ran.lines] == [(True, "line 1"), (False, "price")]


def test_a_text_that_ends_too_early_keeps_the_answers_before_it(ask: Ask) -> None:
    ran = ask("evaluate", json.dumps({"cases": [PRICE, PRICE]})[:-9])
    assert ran.status == FAILED
    assert [one["id"] for one in ran.lines] == ["price", "the text"]
    assert "cases[1]: the text ends before the list does" in ran.complained


def test_what_cannot_be_read_at_all_is_bad_usage(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["margin", "evaluate", "nowhere.json"]) == USAGE
    assert (
        capsys.readouterr().err
        == "margin evaluate: nowhere.json: expected a readable file, found No such file or directory\n"
    )
    assert ask("evaluate", line(PRICE), "--parameters", "nowhere").status == USAGE


def test_bytes_that_are_no_text_are_said_with_their_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_bytes(b"\xef\xbb\xbf" + line(PRICE).encode() + b"\xff\n")
    assert main(["margin", "evaluate", str(file)]) == USAGE
    said, complained = capsys.readouterr()
    assert json.loads(said)["id"] == "price"  # the mark before it is none of the text
    assert "line 2: expected UTF-8" in complained


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Input:
        buffer = io.BytesIO(line(PRICE).encode())

    monkeypatch.setattr(sys, "stdin", Input)
    monkeypatch.setattr("settlement.commands.running.Lines.bytes_read", lambda _: (0, 0))
    assert main(["margin", "evaluate", "-"]) == DONE
    assert json.loads(capsys.readouterr().out)["call"] == 750


def test_an_answer_is_there_before_the_next_case_is_asked() -> None:
    command = [
        sys.executable,
        "-c",
        "from settlement.cli import main; raise SystemExit(main())",
        "margin",
        "evaluate",
        "-",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        for _ in range(3):
            running.stdin.write(line(PRICE))
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["call"] == 750
        running.stdin.close()
        assert running.wait(timeout=60) == DONE


# -- explain -----------------------------------------------------------------------------------------------------------


def test_an_explanation_is_a_table_that_a_person_reads(ask: Ask) -> None:
    ran = ask("explain", line(plain(cash=180)) + line(PRICE), "--id", "plain")
    assert (ran.status, ran.complained) == (DONE, "")
    assert ran.said.startswith(
        "plain: initial margin is not met; net margins in USD: initial -188.49, maintenance -121.77; mark-to-market "
        "100.62\nbinds: spot up 15% to 1725, volatilities up by their time to expiry\n"
    )
    rows = [row.split() for row in ran.said.splitlines()]
    assert ["call", "1500", "in", "5.7", "d", "-1", "79.37", "-79.38", "-207.40", "289.11", "289.11", "222.39"] in rows
    assert ["static", "contingency", "×", "factor", "-19.50", "-15.00"] in rows
    assert "initial margin is restored by 188.49 USD of cash\n" in ran.said
    assert "or by closing 65.24% of call 1500 in 5.7 d at its mark\n" in ran.said


def test_an_explanation_for_programs_has_everything(ask: Ask) -> None:
    ran = ask("explain", line(standard(cash=1000, perp=1)), "--json", "--parameters", "tests")
    (found,) = ran.lines
    assert ran.status == DONE
    assert found["binds"] == ["ETH in 5.7 d: each short option by itself"]
    positions: Any = found["positions"]
    assert [one["position"] for one in positions] == ["ETH perpetual", "ETH call 1500 in 5.7 d"]
    assert (found["missing_cash"], found["closings"], found["offsets_in_what_binds"]) == (0, [], None)
    assert [one["pnl_in_what_binds"] for one in positions] == [None, None]


def test_what_cannot_be_explained_is_said(ask: Ask) -> None:
    ran = ask("explain", line(BAD) + line(PRICE) + line(plain()))
    assert ran.status == FAILED
    assert ran.complained.splitlines() == [
        "margin explain: cases.json, line 1 (bad): input.forward is missing",
        "margin explain: cases.json, line 2 (price): model is of no account",
    ]
    assert ran.said.startswith("plain: ")
    ran = ask("explain", line(plain()), "--id", "other")
    assert (ran.status, ran.complained) == (USAGE, "margin explain: cases.json: expected a case 'other', found none\n")


# -- what-if -----------------------------------------------------------------------------------------------------------

CLOSE = "ETH-500400s-1500-C:+1@80"


def test_what_the_venue_would_say(ask: Ask) -> None:
    document = line(plain(cash=250))
    ran = ask("what-if", document, "--trade", "USDC:-1")
    assert ran.status == FAILED
    assert ran.said.startswith(
        "plain: USDC:-1: an ordinary caller may not: margin not met; a trusted caller may trade\n"
        "the batch adds risk; it moves -1.00 USD of cash into the account\n"
    )
    assert ask("what-if", document, "--trade", "USDC:-1", "--trusted").status == DONE
    assert ask("what-if", document, "--trade", CLOSE).status == DONE
    assert ask("what-if", document, "--trade", CLOSE, "--in-auction").status == FAILED


def test_the_answer_for_programs_has_the_margins_before_and_after(ask: Ask) -> None:
    ran = ask("what-if", line(plain()), "--trade", CLOSE, "--no-borrowing", "--json")
    (found,) = ran.lines
    assert ran.status == FAILED
    assert found["objection"] == found["trusted_objection"] == "borrows_cash_where_borrowing_is_disabled"
    assert (found["accepted"], found["retry_may_succeed"], found["adds_risk"], found["cash"]) == (
        False,
        True,
        True,
        -80,
    )
    assert found["after"] == {"im": -80, "mm": -80, "mtm": -80}


def test_a_date_needs_the_time_of_the_feeds(ask: Ask) -> None:
    dated = "ETH-20270625-1500-C:+1@80"
    ran = ask("what-if", line(plain()), "--trade", dated)
    assert ran.status == USAGE
    assert ran.complained.startswith("margin what-if: --trade: ETH-20270625-1500-C expires at a date")
    ran = ask("what-if", line(plain()), "--trade", dated, "--at", str(1_813_910_400 - 500_400), "--json")
    assert ran.lines[0]["after"] == {"im": -80, "mm": -80, "mtm": -80}


def test_a_trade_without_a_price_anywhere_is_said_of_its_case(ask: Ask) -> None:
    ran = ask("what-if", line(plain()), "--trade", "ETH-9s-1500-C:+1")
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained == (
        "margin what-if: cases.json, line 1 (plain): no forward and volatilities of the expiry in 9 s\n"
    )
    assert main(["margin", "what-if", "cases.json"]) == USAGE  # no trade at all


# -- parameters --------------------------------------------------------------------------------------------------------


def test_the_sets_of_parameters_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["margin", "parameters", "--json"]) == DONE
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["parameters"] for row in rows] == ["mainnet", "portfolio-tests", "tests"]
    assert (rows[0]["SRM"], rows[0]["PMRM_2"], rows[1]["auction"]) == ("39 markets", "33 scenarios", "")
    assert main(["margin", "parameters", "nowhere"]) == USAGE
