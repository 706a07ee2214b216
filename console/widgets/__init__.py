"""Reusable Textual widgets: they know dataclasses, not services."""
