"""The floor: Dealwright's own SQL with as little Python around it as possible."""
