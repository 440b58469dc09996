"""Rebuilding every count and every standing from the ledger, and telling what differs."""
