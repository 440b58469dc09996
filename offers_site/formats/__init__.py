"""Dates and numbers as each language writes them, where Django does otherwise."""
