"""Adding codes by hand, voiding, putting back and deleting them."""
