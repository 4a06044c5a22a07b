"""Positions mirrored, netted, settled by two signatures, and reconciled; the desk that runs it."""
