"""What a person runs: the crash day, the tests, the contracts' build, and the set-up they share."""
