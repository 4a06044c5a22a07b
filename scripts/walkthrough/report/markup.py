"""HTML and SVG by construction: tags always close, and text that is not markup is escaped."""

from collections.abc import Iterable
from html import escape

VOID = frozenset({"meta", "link", "wbr"})

Attribute = str | int | float | bool | None


class Html(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """One element. `class_` gives class and `stroke_width` stroke-width; None and False leave an attribute out."""
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{opening}>")
    return Html(f"<{opening}>{joined(children)}</{name}>")


ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}
HEADER_ROLES = {"col": "columnheader", "row": "rowheader", "rowgroup": "rowheader"}


def part(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """A part of a table that says its role once more: rows laid out as blocks would hide that it is a table."""
    role = HEADER_ROLES[str(attributes["scope"])] if name == "th" else ROLES[name]
    return element(name, *children, role=role, **attributes)


def joined(children: Iterable[str]) -> Html:
    """Children one after another; plain text among them is escaped."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def number(value: float) -> str:
    """A coordinate to a tenth, always written the same way: 12.5, 12, 0."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{escape(number(value) if isinstance(value, float) else str(value))}"'
