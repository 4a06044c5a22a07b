"""What is asked of the contracts beyond their tests: artifacts, gas, static analysis, proofs, depth, mutants."""
