"""The report: one page with pictures, drawn here, that loads nothing from anywhere."""

from typing import Any


def page(result: dict[str, Any]) -> str:
    """The whole HTML page for a result."""
    return f"<!doctype html><title>{result['scenario']['title']}</title>"
