"""What the `bulkhead` command does, one group of subcommands a module; each module of options is light to import."""
