"""The API keys of a workspace, managed by its people."""
