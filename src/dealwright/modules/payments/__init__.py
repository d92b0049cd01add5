"""Payments: money for deals, through a payment provider or recorded by hand, and back."""
