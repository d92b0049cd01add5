"""Contracts: made from a deal or from scratch, signed, in force, renewed, ended."""
