"""Reading a template: the library's grammar, our scanner, and everything checked at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from liquid import Environment, Mode, Token
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.assign_tag import AssignNode, AssignTag
from liquid.builtin.tags.case_tag import CaseNode, CaseTag, MultiExpressionBlockNode
from liquid.builtin.tags.for_tag import BreakNode, BreakTag, ContinueTag, ForNode, ForTag
from liquid.builtin.tags.if_tag import IfNode, IfTag
from liquid.builtin.tags.unless_tag import UnlessNode, UnlessTag
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG

from catalog.rendering import compiling, fusing
from catalog.rendering.compiling import Break, Continue, Frame, Step, Unknown
from catalog.rendering.contexts import Context, Misplaced
from catalog.rendering.filters import FILTERS, takes
from catalog.rendering.pieces import Piece, cut
from catalog.rendering.refusals import BadTemplate, bad_at

# Names that templates may use, and what stands below them is looked up when they are rendered.
ROOTS = frozenset({"contact", "call", "offer", "proposition", "space", "language", "links"})
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Language(Environment):
    """Liquid without what could reach a file, count on, or run on."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (Literal, Output, Illegal, IfTag, UnlessTag, CaseTag, ForTag, BreakTag):
            self.add_tag(tag)
        self.add_tag(ContinueTag)
        self.add_tag(AssignTag)


LIQUID = Language(tolerance=Mode.STRICT)


def tokens_of(text: str, pieces: Sequence[Piece]) -> Iterator[Token]:
    """The pieces as the library wants them: comments left out, spaces trimmed where asked."""
    for number, piece in enumerate(pieces):
        if piece.kind == "text":
            source, start = trimmed(pieces, number)
            if source:
                yield Token(TOKEN_CONTENT, source, start, text)
        elif piece.kind == "value":
            yield Token(TOKEN_OUTPUT, piece.source, piece.start, text)
            yield Token(TOKEN_EXPRESSION, piece.inner, piece.inner_start, text)
        elif piece.kind == "tag":
            yield Token(TOKEN_TAG, piece.word, piece.start, text)
            if piece.inner:
                yield Token(TOKEN_EXPRESSION, piece.inner, piece.inner_start, text)


def trimmed(pieces: Sequence[Piece], number: int) -> tuple[str, int]:
    piece = pieces[number]
    source, start = piece.source, piece.start
    if number and pieces[number - 1].trims_after:
        source = source.lstrip()
        start = piece.end - len(source)
    if number + 1 < len(pieces) and pieces[number + 1].trims_before:
        source = source.rstrip()
    return source, start


class Reader:
    """One reading of one text: collects what it names while it makes the steps."""

    def __init__(self, text: str, context: Context, names: frozenset[str]) -> None:
        self.text = text
        self.context = context
        self.known = names
        self.local: set[str] = set()
        self.named: dict[str, None] = {}
        self.is_static = True
        self.pieces: list[Piece] = []

    def read(self) -> list[Step]:
        """The steps of the template; raises BadTemplate."""
        self.pieces = cut(self.text)
        self.is_static = all(piece.kind in {"text", "comment"} for piece in self.pieces)
        try:
            nodes = self.parse()
            steps, state = self.block(nodes, self.context.start)
            self.context.finish(state)
        except Misplaced as error:
            raise bad_at(self.text, max(len(self.text) - 1, 0), str(error)) from None
        except RecursionError:
            raise bad_at(self.text, 0, _("There is too much within each other here.")) from None
        return steps

    def parse(self) -> list[Node]:
        try:
            return get_parser(LIQUID).parse(TokenStream(tokens_of(self.text, self.pieces)))
        except LiquidError as error:
            at = error.token.start_index if error.token else -1
            raise self.unreadable(at) from None

    def unreadable(self, at: int) -> BadTemplate:
        """What the library could not read, named by the piece that it stands in."""
        for piece in self.pieces:
            if piece.kind != "text" and piece.start <= at < piece.end:
                message = _("“%(piece)s” cannot be read.") % {"piece": short(piece.source)}
                return bad_at(self.text, max(at, piece.start), message)
        return bad_at(self.text, 0, _("This cannot be read as a template."))

    # --- nodes ---

    def block(self, nodes: Sequence[Node], state: Any) -> tuple[list[Step], Any]:
        steps: list[fusing.Read] = []
        for node in nodes:
            step, state = self.node(node, state)
            if step is not None:
                steps.append(step)
        return fusing.fused(steps), state

    def node(self, node: Node, state: Any) -> tuple[fusing.Read | None, Any]:
        try:
            return self.read_node(node, state)
        except Misplaced as error:
            raise bad_at(self.text, max(node.token.start_index, 0), str(error)) from None
        except Unknown as error:
            raise bad_at(
                self.text, max(error.at, 0), _("“%(piece)s” cannot be read.") % {"piece": error}
            ) from None

    def read_node(self, node: Node, state: Any) -> tuple[fusing.Read | None, Any]:
        if isinstance(node, ContentNode):
            return fusing.Literal(node.text), self.context.after(state, node.text)
        if isinstance(node, OutputNode):
            self.check(node.expression)
            writer, after = self.context.writer(state)
            return fusing.Written(compiling.value_of(node.expression), writer), after
        if isinstance(node, AssignNode):
            return self.assign(node), state
        if isinstance(node, IfNode | UnlessNode):
            return self.condition(node, state)
        if isinstance(node, CaseNode):
            return self.case(node, state)
        if isinstance(node, ForNode):
            return self.loop(node, state)
        return self.leave(node), state

    def words_at(self, expression: Expression) -> str:
        """The condition as its author wrote it."""
        at = expression.token.start_index
        return next((piece.inner for piece in self.pieces if piece.start <= at < piece.end), "")

    def leave(self, node: Node) -> Step:
        leaving = Break if isinstance(node, BreakNode) else Continue

        def leave(frame: Frame) -> None:
            raise leaving

        return leave

    def assign(self, node: AssignNode) -> Step:
        self.check(node.expression)
        name = self.own_name(str(node.name), node.token.start_index)
        return compiling.assigned(name, compiling.value_of(node.expression))

    def own_name(self, name: str, at: int) -> str:
        if name in self.known or name == "forloop" or not IDENTIFIER.fullmatch(name):
            message = _("“%(name)s” cannot be the name of a value of your own.")
            raise bad_at(self.text, at, message % {"name": name})
        self.local.add(name)
        return name

    def condition(self, node: IfNode | UnlessNode, state: Any) -> tuple[Step, Any]:
        ways = [(node.condition, node.consequence, isinstance(node, UnlessNode))]
        ways += [(each.expression, each.block, False) for each in node.alternatives]
        read, states = [], []
        for expression, block, is_denied in ways:
            self.check(expression)
            steps, after = self.block(block.nodes, state)
            states.append(after)
            holds = compiling.condition_of(expression)
            read.append((denied(holds) if is_denied else holds, self.words_at(expression), steps))
        otherwise, after = self.otherwise(node.default, state)
        return compiling.chosen(read, otherwise), self.context.join([*states, after])

    def otherwise(self, block: BlockNode | None, state: Any) -> tuple[list[Step], Any]:
        return self.block(block.nodes, state) if block else ([], state)

    def case(self, node: CaseNode, state: Any) -> tuple[Step, Any]:
        self.check(node.expression)
        value = compiling.value_of(node.expression)
        read, states, otherwise, after = [], [], list[Step](), state
        for block in node.blocks:
            if isinstance(block, MultiExpressionBlockNode):
                expressions = block.expression.expressions
                for expression in expressions:
                    self.check(expression)
                steps, end = self.block(block.block.nodes, state)
                states.append(end)
                words = f"{node.expression} = {self.words_at(expressions[0])}"
                wanted = [compiling.value_of(each) for each in expressions]
                read.append((one_of(value, wanted), words, steps))
            else:
                otherwise, after = self.block(block.nodes, state)
        return compiling.chosen(read, otherwise), self.context.join([*states, after])

    def loop(self, node: ForNode, state: Any) -> tuple[Step, Any]:
        said = node.expression
        self.check(said.iterable, may_be_range=True)
        for part in (said.limit, said.offset):
            if part is not None:
                self.check(part)
        name = self.own_name(str(said.identifier), said.token.start_index)
        self.local.add("forloop")
        steps, end = self.block(node.block.nodes, state)
        joined = self.context.join([state, end])
        if joined != state:  # a round may begin where another has ended
            steps, end = self.block(node.block.nodes, joined)
            joined = self.context.join([joined, end])
        otherwise, after = self.otherwise(node.default, state)
        step = compiling.looped(name, compiling.elements_of(said), steps, otherwise)
        return step, self.context.join([joined, after])

    # --- names and filters ---

    def check(self, expression: Expression, *, may_be_range: bool = False) -> None:
        """Every name and filter in an expression is known; raises BadTemplate."""
        if isinstance(expression, RangeLiteral) and not may_be_range:
            message = _("A range can only stand in a loop.")
            raise bad_at(self.text, expression.token.start_index, message)
        if isinstance(expression, Path):
            self.check_name(expression)
        for one in getattr(expression, "filters", None) or ():
            self.check_filter(one)
        for child in expression.children():
            self.check(child)

    def check_name(self, expression: Path) -> None:
        root, at = expression.path[0], expression.token.start_index
        if not isinstance(root, str) or root not in self.known | self.local:
            message = _("There is nothing called “%(name)s”. Known are: %(names)s.")
            known = ", ".join(sorted(self.known))
            raise bad_at(self.text, at, message % {"name": root, "names": known})
        if root in self.known and any(isinstance(part, Path) for part in expression.path):
            message = _("Name what you mean: “%(name)s” depends on another value.")
            raise bad_at(self.text, at, message % {"name": expression})
        if root in self.known:
            self.named[".".join(map(str, expression.path[:2]))] = None

    def check_filter(self, used: Any) -> None:
        at = used.token.start_index
        if used.name not in FILTERS:
            raise bad_at(self.text, at, _("There is no filter “%(name)s”.") % {"name": used.name})
        has_words = any(getattr(argument, "name", None) for argument in used.args)
        if has_words or not takes(used.name, len(used.args)):
            message = _("The filter “%(name)s” cannot be given this.")
            raise bad_at(self.text, at, message % {"name": used.name})


def denied(holds: Any) -> Any:
    return lambda frame: not holds(frame)


def one_of(value: Any, wanted: Sequence[Any]) -> Any:
    def holds(frame: Frame) -> bool:
        given = value(frame)
        return any(compiling.equal(given, one(frame)) for one in wanted)

    return holds


def short(source: str) -> str:
    return source if len(source) <= 60 else source[:59] + "…"
