"""Work that happens later: background jobs, and schedules for what happens by the clock alone."""
