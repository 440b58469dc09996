"""Why something that was asked for is not done; each carries a sentence for people."""
