"""A plan for people and for programs."""

from __future__ import annotations

from typing import Any

from catalog.comparing import Change, FieldChange
from catalog.packages.planning import Plan
from catalog.problems import Problem

SIGNS = {"added": "+", "changed": "~", "removed": "-"}
LONGEST = 60  # characters of a value in a line


def plan_as_text(plan: Plan) -> str:
    """A line for each object, and one for each field that changes."""
    if plan.is_empty:
        return "Nothing to change."
    lines = []
    for change in plan.changes:
        lines.append(f"{SIGNS[change.act]} {change.kind} {change.name}  {change.label}")
        lines += [f"    {field.field}: {difference(field)}" for field in change.fields]
    if plan.order:
        lines.append("~ categories stand in another order")
    counts = summary(plan)
    lines.append(", ".join(f"{number} {act}" for act, number in counts.items() if number) + ".")
    return "\n".join(lines)


def difference(field: FieldChange) -> str:
    return f"{shown(field.before)} → {shown(field.after)}"


def shown(value: Any) -> str:
    """A value in a line."""
    if value is None:
        return "(nothing)"
    text = value if isinstance(value, str) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def summary(plan: Plan) -> dict[str, int]:
    counts = dict.fromkeys(SIGNS, 0)
    for change in plan.changes:
        counts[change.act] += 1
    counts["changed"] += bool(plan.order)
    return counts


def plan_as_json(plan: Plan) -> dict[str, Any]:
    return {
        "environment": plan.package.environment.name,
        "changes": [change_as_json(change) for change in plan.changes],
        "reordered": bool(plan.order),
        "warnings": [problem_as_json(problem) for problem in plan.problems],
        **summary(plan),
    }


def change_as_json(change: Change) -> dict[str, Any]:
    return {
        "kind": str(change.kind),
        "name": change.name,
        "label": change.label,
        "action": change.act,
        "fields": [
            {"path": field.field, "before": field.before, "after": field.after}
            for field in change.fields
        ],
    }


def problem_as_json(problem: Problem) -> dict[str, Any]:
    return {"path": problem.path, "code": problem.code, "message": problem.message}
