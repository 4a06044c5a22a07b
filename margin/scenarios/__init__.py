"""Market events as data: dated facts with sources in TOML, and the code that turns them into price paths."""
