"""What codes may look like, and how two of them are compared."""
