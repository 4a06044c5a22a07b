"""Closed forms that the engine is held to: cascades, impact, fire sales, and what custody costs. Floats; no money."""
