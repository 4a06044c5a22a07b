"""Schedules of faults, and what carries them out on a real engine, a real node and a real ledger."""
