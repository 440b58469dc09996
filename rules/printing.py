"""The one canonical text of a tree: parsing it gives the same tree again."""

from rules.literals import write_text, written_call
from rules.parsing import METHODS
from rules.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Choose,
    Compare,
    Compute,
    ListOf,
    Literal,
    Minus,
    Name,
    Node,
    Not,
)

# How tightly each form binds; a part that binds less than its place asks for gets parentheses.
CHOOSE, ANY, ALL, COMPARE, SUM, PRODUCT, UNARY, PRIMARY = range(1, 9)
SUMS = {Arithmetic.PLUS, Arithmetic.MINUS}


def print_rule(node: Node) -> str:
    return written(node)[0]


def placed(node: Node, least: int) -> str:
    text, binding = written(node)
    return text if binding >= least else f"({text})"


def written(node: Node) -> tuple[str, int]:
    """The text of a node, and how tightly it binds."""
    match node:
        case Literal():
            return written_literal(node)
        case Name():
            return str(node), PRIMARY
        case ListOf(items):
            return f"[{listed(items)}]", PRIMARY
        case Call(function, arguments):
            return written_function(function, arguments), PRIMARY
        case Not(part):
            return "!" + placed(part, UNARY), UNARY
        case Minus(part):
            return "-" + placed(part, UNARY), UNARY
        case _:
            return written_operation(node)


def written_operation(node: Node) -> tuple[str, int]:
    match node:
        case AllOf(parts):
            return " && ".join(placed(part, COMPARE) for part in parts), ALL
        case AnyOf(parts):
            return " || ".join(placed(part, ALL) for part in parts), ANY
        case Compare(operator, left, right):
            return f"{placed(left, COMPARE)} {operator} {placed(right, SUM)}", COMPARE
        case Compute(operator, left, right):
            binding = SUM if operator in SUMS else PRODUCT
            return f"{placed(left, binding)} {operator} {placed(right, binding + 1)}", binding
        case Choose(condition, then, otherwise):
            ends = placed(otherwise, CHOOSE)
            return f"{placed(condition, ANY)} ? {placed(then, ANY)} : {ends}", CHOOSE
    raise TypeError(f"not a node: {node!r}")


def written_literal(literal: Literal) -> tuple[str, int]:
    call = written_call(literal)
    if call is not None:
        return written(call)
    match literal.value:
        case bool():
            return ("true" if literal.value else "false"), PRIMARY
        case str():
            return write_text(literal.value), PRIMARY
        case float() | int():
            text = repr(literal.value)
            return text, UNARY if text.startswith("-") else PRIMARY
    raise TypeError(f"not a literal: {literal!r}")


def written_function(function: str, arguments: tuple[Node, ...]) -> str:
    if function in METHODS and function != "size" and arguments:
        receiver, *rest = arguments
        return f"{placed(receiver, PRIMARY)}.{function}({listed(tuple(rest))})"
    return f"{function}({listed(arguments)})"


def listed(items: tuple[Node, ...]) -> str:
    return ", ".join(print_rule(item) for item in items)
