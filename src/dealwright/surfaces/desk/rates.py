"""Rates as people type them, in percent, and as the operations have them, as fractions."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def percentage(rate: str) -> str:
    """``0.1000`` → ``10``."""
    return f"{Decimal(rate) * 100:.4f}".rstrip("0").rstrip(".")


def fraction(percent: str) -> str:
    """``10`` → ``0.1``; what is no number is left for the operation to refuse."""
    try:
        return f"{Decimal(percent) / 100:f}" if percent else "0"
    except InvalidOperation:
        return percent
