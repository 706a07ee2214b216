"""Plots drawn in character cells: pure functions from figures to lines, each with the table of the same figures."""
