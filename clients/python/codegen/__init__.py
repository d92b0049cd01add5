"""Writes ``dealwright_client.groups`` from the registry of operations: ``make client``."""
