"""The command line: starting the server, keys, checks of the set-up, demonstration data."""
