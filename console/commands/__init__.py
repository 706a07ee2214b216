"""Typer: one module per command group."""
