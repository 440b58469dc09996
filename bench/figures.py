"""What a benchmark says."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement and the floor or peer that it is held against, from the same run."""

    what: str
    value: float
    unit: str
    beside: str
    peer: float
    ratio: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", self.value / self.peer if self.peer else float("nan"))
