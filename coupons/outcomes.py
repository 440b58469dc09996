"""What became of many codes at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Done:
    """What became of many codes: how many changed, why others did not, whose messages lost one."""

    count: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    deliveries: set[str] = field(default_factory=set)

    def refuse(self, reasons: Mapping[str, int]) -> None:
        for reason, number in reasons.items():
            if number:
                self.refused[reason] = self.refused.get(reason, 0) + number
