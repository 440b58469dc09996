"""Shows on real processes that `up` and the commands keep their promises. `python -m proofs`."""
