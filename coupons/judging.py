"""May this code be used now, by this customer? All reasons, in one order."""
