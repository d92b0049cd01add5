"""Activity: the feed of what happened, its live stream, and notifications about it by rule or preference."""
