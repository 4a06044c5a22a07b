"""Checks of margin that are too long for every run of the tests."""
