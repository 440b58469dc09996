"""How large a rule may be, so that nobody can make one that is slow to read or to run."""

LONGEST_TEXT = 8 * 1024  # bytes of UTF-8
DEEPEST = 30  # levels
MOST_PARTS = 200  # nodes

LEAST_INT = -(2**63)
LARGEST_INT = 2**63 - 1
# Doubles beyond these are missing, or nought: one machine's overflow is another's error.
LARGEST_DOUBLE = 1e100
LEAST_DOUBLE = 1e-100
