"""What must be held, and what happens when it is not: instruments, requirements, calls, liquidation, waterfalls."""
