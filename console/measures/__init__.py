"""Pure mathematics of satisfaction and service quality (numpy)."""
