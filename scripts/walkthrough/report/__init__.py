"""The report of a run: one page with pictures drawn here, that loads nothing and reads without scripts."""

from scripts.walkthrough.report.sheet import page

__all__ = ["page"]
