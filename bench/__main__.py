"""`python -m bench [NAME …]`: run the benchmarks, write bench/results/NAME.json and a table.

A benchmark is a module of this package with a function `measure() -> Iterator[Figure]`.
"""

import importlib
import json
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from bench.figures import Figure

HERE = Path(__file__).parent
NOT_BENCHMARKS = {
    "__init__",
    "__main__",
    "bare",
    "bare_settings",
    "callers",
    "audience",
    "catalogued",
    "crowd",
    "decided",
    "engines",
    "figures",
    "installation",
    "million",
    "packaged",
    "pool",
    "programs",
    "tenthousand",
    "tills",
}


def main(wanted: list[str]) -> int:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    unknown = set(wanted) - set(names)
    if unknown:
        print(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(names)}.")
        return 2
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    tables = []
    for name in wanted or names:
        figures = list(told(importlib.import_module(f"bench.{name}").measure()))
        report = {"machine": machine(), "figures": [asdict(figure) for figure in figures]}
        (results / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")
        tables.append(table(name, figures))
        print(tables[-1], flush=True)
    (results / "results.md").write_text("\n".join(tables))
    return 0


def told(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Each figure is said as soon as it is there: some benchmarks take many minutes."""
    for figure in figures:
        print(line_of(figure), file=sys.stderr, flush=True)
        yield figure


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def table(name: str, figures: list[Figure]) -> str:
    lines = [
        f"## {name}",
        "",
        "| what | measured | beside | measured there | ratio |",
        "|---|---:|---|---:|---:|",
    ]
    lines += [line_of(figure) for figure in figures]
    return "\n".join(lines) + "\n"


def line_of(figure: Figure) -> str:
    return (
        f"| {figure.what} | {figure.value:,.4g} {figure.unit} "
        f"| {figure.beside} | {figure.peer:,.4g} {figure.unit} | {figure.ratio:.2f} |"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
