"""Several operations in one transaction."""
