"""The report of a run: one page with pictures drawn here, that loads nothing from anywhere and reads without scripts."""

from scripts.walkthrough.report.sheet import page

__all__ = ["page"]
