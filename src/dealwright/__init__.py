"""Dealwright: an open, self-hosted server for making deals."""

__version__ = "0.1.0"
