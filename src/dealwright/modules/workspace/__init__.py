"""A workspace as its people set it up, and the ways between workspaces."""
