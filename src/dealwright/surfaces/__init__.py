"""The faces: each renders the same operations in its own dialect."""
