"""The figures of a workspace at a glance."""
