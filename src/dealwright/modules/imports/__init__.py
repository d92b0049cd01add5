"""Customers and products from CSV files, in three steps: parse, validate, execute."""
