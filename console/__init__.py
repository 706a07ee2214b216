"""Ombud: a terminal operations console for the customer service of public utilities."""

__version__ = "0.1.0"
