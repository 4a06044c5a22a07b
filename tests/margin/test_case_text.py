"""Where cases begin and end: lines, an object with cases, one case alone; what is broken breaks nothing else."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin import case_text
from margin.case_text import cases_in
from margin.reading import DocumentError


def found(text: str) -> list[tuple[str, str]]:
    return [(place, piece.strip()) for place, piece in cases_in(text.splitlines(keepends=True))]


@pytest.mark.parametrize(
    ("text", "cases"),
    [
        ("", []),
        ("\n \n", []),
        ('{"a": 1}\n\n{"a": 2}', [("line 1", '{"a": 1}'), ("line 3", '{"a": 2}')]),
        ('{"a": 1', [("line 1", '{"a": 1')]),
        ('{"a": \n}', [("the document", '{"a": \n}')]),
        ('{\n"a": 1\n}', [("the document", '{\n"a": 1\n}')]),
        ('{"a": 1]\n{"a": 2}\n{"a": 3}', [("line 1", '{"a": 1]'), ("line 2", '{"a": 2}'), ("line 3", '{"a": 3}')]),
        ('{"cases": []}', []),
        ('{"cases": [{"a": 1}, 2]}', [("cases[0]", '{"a": 1}'), ("cases[1]", "2")]),
        ('{"cases": [{"a": 1},]}', [("cases[0]", '{"a": 1}'), ("cases[1]", "")]),
        ('{"m": {"cases": [1]}, "cases": [\n{"a": [1]}\n,\n{}\n]\n}', [("cases[0]", '{"a": [1]}'), ("cases[1]", "{}")]),
        ('{"title": "cases", "x": [1], "cases": [3], "y": [4]}', [("cases[0]", "3")]),
        ('{"cases": ["]", "\\"]"]}', [("cases[0]", '"]"'), ("cases[1]", '"\\"]"')]),
        ('[{"a": 1}]', [("line 1", '[{"a": 1}]')]),
    ],
)  # fmt: skip
def test_a_text_is_split_into_its_cases(text: str, cases: list[tuple[str, str]]) -> None:
    assert found(text) == cases


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"cases": [{"a": 1}, {"a"', "cases[1]: the text ends before the list does"),
        ('{"cases": [1]', "the object with cases does not end"),
        ('{"cases": [1]} {"cases": [2]}', "behind the object with cases there is more: '{'"),
        ('{"cases": [1]}}', "behind the object with cases there is more: '}'"),
    ],
)
def test_what_does_not_end_as_it_should_is_said_after_the_cases_before_it(text: str, complaint: str) -> None:
    cases = cases_in([text])
    assert next(cases).place == "cases[0]"
    with pytest.raises(DocumentError) as raised:
        list(cases)
    assert str(raised.value) == complaint


def test_a_case_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_text, "LONGEST", 1_000)
    for opening in ('{"cases": [{"x": [\n', '{"x": [\n'):
        with pytest.raises(DocumentError, match="has more than 1000 characters"):
            list(cases_in([opening, *["1,\n"] * 1_000]))


def test_cases_are_given_out_as_they_are_read() -> None:
    read: list[int] = []

    def lines() -> Iterator[str]:
        yield '{"cases": [\n'
        for number in range(1_000_000):
            read.append(number)
            yield f'{{"a": {number}}},\n'

    cases = cases_in(lines())
    assert [next(cases).document() for _ in range(3)] == [{"a": 0}, {"a": 1}, {"a": 2}]
    assert len(read) < 10


def test_numbers_keep_their_digits_and_no_field_stands_twice() -> None:
    (number,) = cases_in(['{"a": 0.1000000000000000055511151231257827}'])
    assert number.document() == {"a": Decimal("0.1000000000000000055511151231257827")}
    for text, complaint in (('{"a": 1, "a": 2}', "a: is there twice"), ('{"a" 1}', "is no JSON")):
        (broken,) = cases_in([text])
        with pytest.raises(DocumentError, match=complaint):
            broken.document()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('[]{},:"\\ \nac', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("cases[", max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text("ab", max_size=2), JSON, max_size=3), max_size=4), st.sampled_from([None, 1]))
def test_however_it_is_written_the_cases_come_back(cases: list[dict[str, Any]], indent: int | None) -> None:
    whole = json.dumps({"meta": {"cases": cases}, "cases": cases, "end": [cases]}, indent=indent)
    assert [one.document() for one in cases_in(whole.splitlines(keepends=True))] == cases
    lines = "".join(json.dumps(one) + "\n" for one in cases)
    assert [one.document() for one in cases_in(lines.splitlines(keepends=True))] == cases
