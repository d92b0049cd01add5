"""Deals: the priced agreement that holds line items and moves through a state machine."""
