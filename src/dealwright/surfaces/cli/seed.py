"""``dealwright seed``."""
