"""Programs that try codes which there are not have to wait."""
