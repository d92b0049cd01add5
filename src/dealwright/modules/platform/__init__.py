"""The server itself as its operators see it."""
