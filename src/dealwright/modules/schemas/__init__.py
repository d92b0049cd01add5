"""The state machines and the deal terms schema, printed from the code that enforces them."""
