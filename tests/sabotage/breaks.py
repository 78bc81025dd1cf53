"""What is broken: bugs that somebody could write, and each condition of the store, taken away or weakened."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STORE, TABLE = "chalicelib/storage/dynamodb.py", "chalicelib/storage/table.py"
ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"
ENLIST = """\
    for engagement_id, waiting in snapshot.waiting.items():
        if snapshot.enlisted.get(engagement_id) != waiting.version:
            world.store.enlist(waiting)
"""
FORGET = """\
    for queue_id, drained in snapshot.drained.items():
        if drained.receipts:
            world.transport.forget(queue_id, drained.receipts)
"""
CONDITION = re.compile(r"attribute_(not_)?exists\(|\w [=<] :\w")


@dataclass(frozen=True, slots=True)
class Break:
    """A passage of a file, and what stands there instead."""

    name: str
    file: str
    first: int
    """Where the passage begins (characters)."""
    last: int
    instead: str

    def apply(self, root: Path) -> None:
        """Break the copy of the project that is there."""
        file = root / self.file
        text = file.read_text()
        file.write_text(text[: self.first] + self.instead + text[self.last :])


def bug(name: str, file: str, passage: str, instead: str) -> Break:
    """A passage that stands exactly once in a file, replaced."""
    text = (ROOT / file).read_text()
    assert text.count(passage) == 1, f"{name}: {passage!r} stands {text.count(passage)} times in {file}"
    first = text.index(passage)
    return Break(name, file, first, first + len(passage), instead)


def bugs() -> list[Break]:
    """The bugs."""
    return [
        bug(
            "the same work may be active twice",
            STORE,
            '"attribute_not_exists(pk) OR #state = :closed"',
            f'"#state = :closed OR {ALWAYS}"',
        ),
        bug(
            "a place is freed beside the transaction, not in it",
            STORE,
            'reasons = self._table.transact([{"Put": put} for put in puts])',
            'reasons = next(filter(None, [self._table.transact([{"Put": put}]) for put in puts]), None)',
        ),
        bug(
            "an offer is accepted whatever its id",
            "chalicelib/engagements/commands.py",
            "found.offer_id != offer_id or now >= found.expires_at",
            "now >= found.expires_at",
        ),
        bug(
            "a fact is counted again when it is delivered again",
            "chalicelib/reporting/facts.py",
            "known = {identity(fact): fact for fact in facts}",
            "known = {n: fact for n, fact in enumerate(facts)}",
        ),
        bug(
            "what comes too late for its roll-up leaves no mark",
            "chalicelib/operations/rolling.py",
            "if quarter <= over):",
            "if quarter <= 0):",
        ),
        bug(
            "an hour that changed is not written into the archive again",
            "chalicelib/operations/rolling.py",
            "archiving.again(world, seen_to)",
            "archiving.again(world, [])",
        ),
        bug(
            "an hour of the archive is overwritten whatever it has become",
            "chalicelib/archive/s3.py",
            "Body=content, IfMatch=seen)",
            "Body=content)",
        ),
        bug(
            "an event is chained to nothing before it",
            "chalicelib/engagements/chain.py",
            'f"{before} {said}"',
            'f"{said}"',
        ),
        bug(
            "the router offers what has changed since it was listed",
            "chalicelib/operations/routing.py",
            "if engagement is None or engagement.version != match.waiting.version:",
            "if engagement is None:",
        ),
        bug(
            "a notice is forgotten before its work is entered in the index",
            "chalicelib/operations/routing.py",
            f"{ENLIST}{FORGET}",
            f"{FORGET}{ENLIST}",
        ),
        bug(
            "what DynamoDB left unwritten of a batch stays unwritten",
            TABLE,
            """\
            if not requests:
                return
            self._pause(0.05 * 2**attempt)
        raise LostRace("The table is too busy to write to; try again.")
""",
            "            return\n",
        ),
        bug(
            "rows that DynamoDB left unread of a batch are taken for rows that are not there",
            TABLE,
            "if not wanted:",
            "if True:",
        ),
        bug(
            "messages that SQS did not take of a batch are forgotten",
            "chalicelib/messaging/sqs.py",
            'if answer.get("Failed"):',
            "if False:",
        ),
        bug(
            "a start is remembered by its key beside the transaction, not in it",
            STORE,
            'reasons = self._table.transact([{"Put": head}, {"Put": remember}])',
            """\
first = self._table.transact([{"Put": remember}])
        second = None if first else self._table.transact([{"Put": head}])
        reasons = [*(second or [{}]), *(first or [{}])] if first or second else None""",
        ),
    ]


def conditions() -> Iterator[Break]:
    """Each condition of the store, replaced by each weaker one.

    The values it names stay named, for DynamoDB refuses a request with a value that nothing uses.
    """
    for file in (STORE, TABLE):
        yield from _conditions(file)


def _conditions(file: str) -> Iterator[Break]:
    text = (ROOT / file).read_text()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node, where in _strings(ast.parse(text)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        first, last = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        for weaker in _weaker(str(node.value)):
            name = f"{where}, line {node.lineno}: {weaker}"
            yield Break(name, file, first, last, repr(weaker))


def _strings(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    """The conditions, and the methods that they stand in. What a query looks for, or an update sets, is none."""
    for method in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        others = {
            id(keyword.value)
            for call in ast.walk(method)
            if isinstance(call, ast.Call)
            for keyword in call.keywords
            if keyword.arg in ("KeyConditionExpression", "update")
        }
        for node in ast.walk(method):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in others:
                continue
            if CONDITION.search(node.value) and node.value != ast.get_docstring(method, clean=False):
                yield node, method.name


def _weaker(condition: str) -> Iterator[str]:
    yield f"{condition} OR {ALWAYS}"
    demands = condition.split(" AND ")
    for dropped in demands if len(demands) > 1 else ():
        rest = " AND ".join(each for each in demands if each != dropped)
        yield f"({rest}) OR ({condition})"
