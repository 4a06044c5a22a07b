"""The settlement engine: many at once, and exactly once, whatever breaks."""
