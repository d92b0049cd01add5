"""One search over customers, products, deals and contracts."""
