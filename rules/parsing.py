"""From text to tree: a subset of the Common Expression Language."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from rules import limits
from rules.kinds import BOOL, DOUBLE, INT, STRING
from rules.literals import read_literal_call, read_text
from rules.nearness import nearest
from rules.refusals import BadRule, Code, Mistake
from rules.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Choose,
    Compare,
    Comparison,
    Compute,
    ListOf,
    Literal,
    Minus,
    Name,
    Node,
    Not,
    Span,
    depth,
    walk,
)

# Of a method the receiver is the first argument; `size` may be written either way.
METHODS = ("contains", "endsWith", "lowerAscii", "matches", "size", "startsWith")
FUNCTIONS = ("date", "days", "duration", "filter", "has", "size", "timestamp", "years")

GRAMMAR = r"""
?start: expression
?expression: either
           | either "?" either ":" expression   -> choose
?either: both ("||" both)*
?both: relation ("&&" relation)*
?relation: sum
         | relation COMPARISON sum               -> compare
         | relation IN sum                       -> compare
?sum: product
    | sum SIGN product                           -> compute
?product: unary
        | product TIMES unary                    -> compute
?unary: member
      | "!" unary                                -> negate
      | SIGN unary                               -> sign
?member: primary
       | member "." NAME                         -> field
       | member "." NAME "(" arguments ")"       -> method
?primary: NAME                                   -> name
        | NAME "(" arguments ")"                 -> call
        | "(" expression ")"                     -> group
        | "[" arguments "]"                      -> list_of
        | literal
literal: DOUBLE -> double
       | INT    -> integer
       | TEXT   -> text
       | TRUE   -> true
       | FALSE  -> false
arguments: [expression ("," expression)* ","?]

COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
IN.2: /in(?![A-Za-z0-9_])/
TRUE.2: /true(?![A-Za-z0-9_])/
FALSE.2: /false(?![A-Za-z0-9_])/
SIGN: "+" | "-"
TIMES: "*" | "/" | "%"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
DOUBLE.2: /(\d+\.\d+([eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+([eE][+-]?\d+)?)/
INT: /0[xX][0-9a-fA-F]+|\d+/
TEXT: /[rR]?("(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*')/
COMMENT: /\/\/[^\n]*/
%import common.WS
%ignore WS
%ignore COMMENT
"""


def parse(text: str) -> Node:
    """The tree of a text; raises BadRule, which says where and what was expected."""
    return parse_again(text) if len(text) <= SHORT else parse_once(text)


def parse_once(text: str) -> Node:
    check_size(text)
    try:
        tree: Node = reader().parse(text)
    except UnexpectedInput as error:
        raise BadRule((mistake_of(error, text),)) from None
    check_shape(tree, text)
    return tree


SHORT = 500  # characters: of such texts the trees are kept, which nobody changes
parse_again = lru_cache(maxsize=512)(parse_once)  # pages, checks and releases read the same ones


def check_size(text: str) -> None:
    if not text.strip():
        raise BadRule((Mistake(Code.EMPTY, 0, len(text), "", ("value",)),))
    if len(text.encode("utf-8", "surrogatepass")) > limits.LONGEST_TEXT:
        raise BadRule((Mistake(Code.TOO_LONG, 0, len(text), "", (str(limits.LONGEST_TEXT),)),))
    level, deepest = 0, 0
    for bracket in BRACKETS.finditer(QUOTED.sub(lambda found: "_" * len(found[0]), text)):
        level += 1 if bracket[0] in "([" else -1
        deepest = max(deepest, level)
    if deepest > limits.DEEPEST:
        raise BadRule((Mistake(Code.TOO_DEEP, 0, len(text), "", (str(limits.DEEPEST),)),))


def check_shape(tree: Node, text: str) -> None:
    for count, node in enumerate(walk(tree), start=1):
        if count > limits.MOST_PARTS:
            most = (str(limits.MOST_PARTS),)
            raise BadRule((Mistake(Code.TOO_MANY_PARTS, 0, len(text), "", most),))
        if isinstance(node, Literal) and node.kind == INT and not is_int(node.value):
            bounds = (f"{limits.LEAST_INT} … {limits.LARGEST_INT}",)
            raise BadRule((Mistake(Code.NUMBER_TOO_LARGE, *node.span, str(node.value), bounds),))
    if depth(tree) > limits.DEEPEST:
        raise BadRule((Mistake(Code.TOO_DEEP, 0, len(text), "", (str(limits.DEEPEST),)),))


def is_int(value: object) -> bool:
    return isinstance(value, int) and limits.LEAST_INT <= value <= limits.LARGEST_INT


BRACKETS = re.compile(r"[()\[\]]")
QUOTED = re.compile(r"""("(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*'|//[^\n]*)""")
WORDS = {
    "COMPARISON": "operator",
    "IN": "operator",
    "SIGN": "operator",
    "TIMES": "operator",
    "__ANON_0": "operator",
    "__ANON_1": "operator",
    "VBAR": "operator",
    "QMARK": "operator",
    "RPAR": ")",
    "RSQB": "]",
    "COMMA": ",",
    "COLON": ":",
    "LPAR": "(",
    "DOT": ".",
    "NAME": "name",
}
STARTS_OF_VALUES = {"NAME", "TEXT", "INT", "DOUBLE", "TRUE", "FALSE"}


def mistake_of(error: UnexpectedInput, text: str) -> Mistake:
    if isinstance(error, UnexpectedCharacters):
        at: int = error.pos_in_stream  # type: ignore[assignment] # lark always sets it
        found = text[at]
        if found in "\"'":
            return Mistake(Code.UNCLOSED_TEXT, at, len(text), found, (found,))
        return Mistake(Code.UNEXPECTED, at, at + 1, found, expected_words(error.allowed))
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        token = error.token
        start = token.start_pos or 0
        words = expected_words(error.expected)
        return Mistake(Code.UNEXPECTED, start, start + len(token), str(token), words)
    expected = getattr(error, "expected", None) or set()
    end = len(text.rstrip())
    return Mistake(Code.UNEXPECTED_END, end, len(text), "", expected_words(expected))


def expected_words(terminals: object) -> tuple[str, ...]:
    """What may stand there, in a word each: a value, an operator, a closing bracket."""
    names = set(terminals) if isinstance(terminals, set | frozenset | list) else set()
    if names >= STARTS_OF_VALUES:
        return ("value",)
    return tuple(sorted({WORDS[name] for name in names if name in WORDS}))


def span_of(meta: Any) -> Span:
    return (meta.start_pos, meta.end_pos)


@v_args(inline=True, meta=True)
class TreeMaker(Transformer[Token, Node]):
    """Each grammar rule becomes a node."""

    def choose(self, meta: Any, condition: Node, then: Node, otherwise: Node) -> Node:
        return Choose(condition, then, otherwise, span_of(meta))

    def either(self, meta: Any, *parts: Node) -> Node:
        return AnyOf(parts, span_of(meta))

    def both(self, meta: Any, *parts: Node) -> Node:
        return AllOf(parts, span_of(meta))

    def compare(self, meta: Any, left: Node, operator: Token, right: Node) -> Node:
        return Compare(Comparison(str(operator)), left, right, span_of(meta))

    def compute(self, meta: Any, left: Node, operator: Token, right: Node) -> Node:
        return Compute(Arithmetic(str(operator)), left, right, span_of(meta))

    def negate(self, meta: Any, part: Node) -> Node:
        return Not(part, span_of(meta))

    def sign(self, meta: Any, sign: Token, part: Node) -> Node:
        span = span_of(meta)
        if sign == "+":
            at = sign.start_pos or 0
            raise BadRule((Mistake(Code.UNEXPECTED, at, at + 1, "+", ("value",)),))
        if isinstance(part, Literal) and part.kind in {INT, DOUBLE}:
            return Literal(-part.value, part.kind, span)  # type: ignore[operator] # the kind says so
        return Minus(part, span)

    def field(self, meta: Any, owner: Node, name: Token) -> Node:
        if not isinstance(owner, Name):
            start = name.start_pos or 0
            raise BadRule((Mistake(Code.UNEXPECTED, start - 1, start, ".", ("operator",)),))
        return Name((*owner.path, str(name)), span_of(meta))

    def name(self, meta: Any, name: Token) -> Node:
        return Name((str(name),), span_of(meta))

    def method(self, meta: Any, receiver: Node, name: Token, arguments: tuple[Node, ...]) -> Node:
        if str(name) not in METHODS:
            start = name.start_pos or 0
            known = tuple(nearest(str(name), METHODS))
            mistake = Mistake(Code.UNKNOWN_FUNCTION, start, start + len(name), str(name), known)
            raise BadRule((mistake,))
        return Call(str(name), (receiver, *arguments), span_of(meta))

    def call(self, meta: Any, name: Token, arguments: tuple[Node, ...]) -> Node:
        span = span_of(meta)
        if str(name) not in FUNCTIONS:
            start = name.start_pos or 0
            known = tuple(nearest(str(name), FUNCTIONS))
            mistake = Mistake(Code.UNKNOWN_FUNCTION, start, start + len(name), str(name), known)
            raise BadRule((mistake,))
        return read_literal_call(str(name), arguments, span) or Call(str(name), arguments, span)

    def arguments(self, meta: Any, *parts: Node | None) -> tuple[Node, ...]:
        return tuple(part for part in parts if part is not None)

    def list_of(self, meta: Any, items: tuple[Node, ...]) -> Node:
        return ListOf(items, span_of(meta))

    def group(self, meta: Any, inner: Node) -> Node:
        return inner

    def integer(self, meta: Any, digits: Token) -> Node:
        value = int(digits, 16) if digits[:2] in {"0x", "0X"} else int(digits)
        return Literal(value, INT, span_of(meta))

    def double(self, meta: Any, digits: Token) -> Node:
        value = float(digits)
        if abs(value) > limits.LARGEST_DOUBLE or 0 < abs(value) < limits.LEAST_DOUBLE:
            expected = (f"{limits.LEAST_DOUBLE:g} … {limits.LARGEST_DOUBLE:g}",)
            mistake = Mistake(Code.NUMBER_TOO_LARGE, *span_of(meta), str(digits), expected)
            raise BadRule((mistake,))
        return Literal(value, DOUBLE, span_of(meta))

    def text(self, meta: Any, token: Token) -> Node:
        return Literal(read_text(str(token), token.start_pos or 0), STRING, span_of(meta))

    def true(self, meta: Any, token: Token) -> Node:
        return Literal(value=True, kind=BOOL, span=span_of(meta))

    def false(self, meta: Any, token: Token) -> Node:
        return Literal(value=False, kind=BOOL, span=span_of(meta))


class Reader:
    """The parser, which takes longer to make than to use."""

    def __init__(self) -> None:
        self.lark = Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)
        self.transform: Callable[[Any], Node] = TreeMaker(visit_tokens=False).transform

    def parse(self, text: str) -> Node:
        try:
            return self.transform(self.lark.parse(text))
        except VisitError as error:
            if isinstance(error.orig_exc, BadRule):
                raise error.orig_exc from None
            raise


@lru_cache(maxsize=1)
def reader() -> Reader:
    return Reader()
