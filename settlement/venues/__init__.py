"""Venues: order books and the rules of their trade, and the feeds by which a mirror hears of it."""
