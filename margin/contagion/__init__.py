"""How one account's forced sale becomes another's loss: markets, and later the million other accounts."""
