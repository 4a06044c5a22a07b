"""Benchmarks: every speed is a ratio against a baseline that runs in turn with it, in the same process."""
