"""Keeping a use for a while: taken at once, and given back when it lapses."""
