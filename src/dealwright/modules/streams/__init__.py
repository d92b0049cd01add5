"""The live stream of events, for callers who would otherwise poll."""
