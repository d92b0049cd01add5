"""Customers: buyer and contact records whose personal data is encrypted and found through blind indexes."""
