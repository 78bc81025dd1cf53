"""An operation goes wrong in every way that AWS has, at each of its calls, from one run of it.

Before each call the process splits (`fork`): a child for each way goes wrong there and lives on with it, while the
operation itself goes on as if nothing had been. So each child begins in exactly the same world, nothing is played
twice, and a new call is covered by itself. Where two of them leave the same world behind, one is enough to see what
becomes of it.
"""

from __future__ import annotations

import gc
import json
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.errors import InterleaveError
from tests.support import canary
from tests.support.worlds import AwsCentre, Clients, pretended_sqs, pretended_table

Answer = tuple[AWSResponse, dict[str, Any]]
READS = {"BatchGetItem", "GetItem", "GetQueueAttributes", "GetQueueUrl", "Query", "Scan"}
REFUSALS = {"throttled": ("ThrottlingException", 400), "failed": ("InternalServerError", 500)}
ANY_CALL = ("killed before", *REFUSALS, "timed out after effect")
"""Ways in which any call goes wrong."""
WITH_EFFECT = ("killed after", "failed after effect", "sent twice")
"""Ways that are no different from those where the call only reads."""


class Killed(BaseException):
    """The process dies here. No `except Exception` in the code may survive it."""


WENT_WRONG = (Killed, ClientError, ReadTimeoutError, ConnectionError, InterleaveError)
"""How an operation may end in which a call went wrong."""


def ways_of(call: str, entries: int) -> Iterator[str]:
    """How this call can go wrong, of a batch of so many."""
    yield from ANY_CALL
    if call not in READS:
        yield from WITH_EFFECT
    if call in ("PutItem", "TransactWriteItems"):
        yield "in conflict"
    if entries > 1:
        yield "done in part"


@contextmanager
def going_wrong(clients: Clients, way_of: Callable[[str, int], str | None]) -> Iterator[None]:
    """Each call goes wrong as `way_of` says of its name and of the number of its entries, asked when it is about to be
    made; None: it is just made."""
    way: str | None = None
    asked: dict[str, Any] = {}

    def called(params: dict[str, Any], **_: Any) -> None:
        nonlocal asked
        asked = params

    def before(model: Any, params: dict[str, Any], context: Any, **_: Any) -> Answer | None:
        nonlocal way
        way = way_of(model.name, len(_entries(asked)))
        if way == "killed before":
            raise Killed
        if way in REFUSALS:
            return _refused(*REFUSALS[way])
        if way == "in conflict":
            return _conflict(model.name)
        if way == "sent twice":
            getattr(clients, model.service_model.service_name)._make_request(model, params, context)
        if way == "done in part":
            body = json.loads(params["body"])
            _entries(body).pop()
            params["body"] = json.dumps(body)
        return None

    def after(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if way == "killed after":
            raise Killed
        if way == "timed out after effect":
            raise ReadTimeoutError(endpoint_url=model.name)
        if way == "failed after effect":
            http_response.status_code = 500
            parsed["Error"] = {"Code": "InternalServerError", "Message": "tried"}
        if way == "done in part":
            parsed.update(_left_out(model.name, asked))

    watched = [client.meta.events for client in (clients.dynamodb, clients.sqs)]
    for events in watched:
        events.register_last("before-parameter-build", called)
        events.register_first("before-call", before)
        events.register_last("after-call", after)
    try:
        yield
    finally:
        for events in watched:
            events.unregister("before-parameter-build", called)
            events.unregister("before-call", before)
            events.unregister("after-call", after)


def _refused(code: str, status: int, **more: Any) -> Answer:
    parsed = {"Error": {"Code": code, "Message": "tried"}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return AWSResponse("", status, {}, None), parsed


def _conflict(operation: str) -> Answer:
    """Another transaction is at the same rows at this moment."""
    if operation == "PutItem":
        return _refused("TransactionConflictException", 400)
    return _refused("TransactionCanceledException", 400, CancellationReasons=[{"Code": "TransactionConflict"}] * 2)


def _entries(asked: Mapping[str, Any]) -> list[Any]:
    """What a batch asks for; empty: it is none."""
    (of_table,) = asked.get("RequestItems", {"": asked.get("Entries", [])}).values()
    entries: list[Any] = of_table["Keys"] if isinstance(of_table, dict) else of_table
    return entries


def _left_out(operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """How AWS answers a batch of which it has not done the last."""
    last = _entries(asked)[-1]
    if "Entries" in asked:
        return {"Failed": [{"Id": last["Id"], "SenderFault": False, "Code": "InternalError", "Message": "tried"}]}
    ((table, of_table),) = asked["RequestItems"].items()
    if operation == "BatchGetItem":
        return {"UnprocessedKeys": {table: {**of_table, "Keys": [last]}}}
    return {"UnprocessedItems": {table: [last]}}


@dataclass
class Splits:
    """Where an operation goes wrong in so many calls, and what was seen of it."""

    centre: AwsCentre
    folder: Path
    """Empty at first. Processes share it: what each tried, and which worlds were left behind."""
    faults: int = 1
    """In how many calls of the operation something goes wrong."""
    trail: tuple[str, ...] = ()
    """What has gone wrong in this process; nothing in the one that began."""
    calls: int = 0

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """An operation in here goes wrong everywhere; what comes of each is judged where this is entered.

        The body runs on in every child, so that it must not do anything outside of the pretended AWS.
        """
        gc.freeze()
        try:
            yield
            assert not (self.folder / "failed").exists(), "a failure was swallowed"
            assert canary.leaks == []
        except BaseException:
            if not self.trail:
                raise
            (self.folder / "failed").write_text(traceback.format_exc())
            os._exit(1)
        finally:
            gc.unfreeze()
        if self.trail:
            os._exit(0)

    def way_of(self, call: str, entries: int) -> str | None:
        """How this call goes wrong in this process, of which there may be several from here on."""
        self.calls += 1
        if len(self.trail) < self.faults:
            for way in ways_of(call, entries):
                if self._split(f"{way} at call {self.calls}, {call}"):
                    return way
        return None

    def _split(self, what: str) -> bool:
        """Whether this is the process in which it goes wrong; the other waits for its end."""
        child = os.fork()
        if child == 0:
            self.trail += (what,)
            return True
        _, status = os.waitpid(child, 0)
        if status:
            raise AssertionError(f"{', '.join((*self.trail, what))}:\n{(self.folder / 'failed').read_text()}")
        return False

    def is_to_be_judged(self, *more: object) -> bool:
        """Whether this process is one that was asked for, and has left a world behind that none has before."""
        if len(self.trail) not in (0, self.faults):
            return False
        if self.trail:
            with (self.folder / "tried").open("a") as file:
                file.write(f"{self.trail[-1]}\n")
        return self.is_new(*more)

    def is_new(self, *more: object) -> bool:
        """Whether none has been in a world like this one before: whatever comes of it, came of that one.

        `more`: what tells worlds apart besides what is in AWS.
        """
        world = sha256(repr((left_behind(self.centre), more)).encode()).hexdigest()
        try:
            (self.folder / world).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def tried(self) -> Counter[str]:
        """How often something went wrong, by the way."""
        file = self.folder / "tried"
        lines = file.read_text().splitlines() if file.exists() else []
        return Counter(line.split(" at call ")[0] for line in lines)


def left_behind(centre: AwsCentre) -> object:
    """All that may decide what happens next, in a form that two equal worlds have in common."""
    table = pretended_table()
    rows = sorted(repr(sorted(row.to_json()["Attributes"].items())) for row in table.all_items())
    writes = [(each.record["eventName"], each.record["dynamodb"].get("NewImage")) for each in table.stream_shard.items]
    queues = pretended_sqs().queues.values()
    messages = sorted((q.name, each.body, each.delayed_until, each.visible_at) for q in queues for each in q._messages)
    world = centre.world
    known = world.now(), world._tenant_version, world._tenant_checked_at
    return rows, writes, centre.taken, messages, centre.posts.sent, known
