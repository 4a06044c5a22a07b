"""Ledger, venue and chain compared at one block: what differs is a break, with its kind, its owner and its effect."""
