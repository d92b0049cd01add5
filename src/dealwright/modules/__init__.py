"""The business, one folder per area; calls go down, news goes up."""
