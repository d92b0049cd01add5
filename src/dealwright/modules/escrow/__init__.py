"""Escrow: the money of a deal, held until conditions are met (Salesbooth API, Deals)."""
