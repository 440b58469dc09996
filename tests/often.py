"""How often properties are tried: a quarter while somebody waits, all with THOROUGH=1."""

import os

SHARE = 1 if os.environ.get("THOROUGH") else 4


def often(times: int) -> int:
    return max(times // SHARE, 5)
