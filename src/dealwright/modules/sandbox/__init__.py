"""Test data on demand: reset, seed, simulated events, a test clock, and the playground."""
