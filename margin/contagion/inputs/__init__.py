"""A user's own book, shock and venue: rules that read rows and say of every one that is wrong where and why."""
