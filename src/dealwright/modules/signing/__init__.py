"""Signing: the workspace's keys, canonical content, signatures, verifiable credentials, and checking them in public."""
