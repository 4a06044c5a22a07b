"""Margin estimated for many accounts at once, in floats: what the exact rules decide is only ever compared with it."""
