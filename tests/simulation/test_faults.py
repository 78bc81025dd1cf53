"""Any AWS call of any operation fails in any way that AWS has. Then the router runs, and all is well.

The process lives on, unlike in `test_crash.py`: what is tried here is what the code does with the error. Calls are
found by running the operation once, so that a new call is covered by itself. The client's own retries are used up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.errors import InterleaveError
from tests.simulation.test_crash import STORIES, Story, _recover, _started_unanswered
from tests.support.figures import Figure
from tests.support.size import LONG, examples
from tests.support.worlds import Clients, aws, aws_centre

Answer = tuple[AWSResponse, dict[str, Any]]
FAULTS = ("throttled", "failed", "failed after effect", "timed out after effect", "sent twice", "in conflict")
SHARE = examples(6 * len(FAULTS), 1)
"""Of the points, one in so many is tried; all of them are `make test-long`'s."""
DOUBLES = 2000
REFUSALS = {"throttled": ("ThrottlingException", 400), "failed": ("InternalServerError", 500)}


@dataclass
class Faults:
    """What happens at which calls (1 is the first), and how often anything is called."""

    at: dict[int, str] = field(default_factory=dict)
    calls: int = 0
    happened: int = 0
    _again: bool = False

    def before(self, clients: Clients, model: Any, params: dict[str, Any], context: Any, **_: Any) -> Answer | None:
        """An answer in place of the call, or None: it is made."""
        if self._again:
            return None
        self.calls += 1
        fault = self.at.get(self.calls)
        if fault in REFUSALS:
            self.happened += 1
            return _refused(*REFUSALS[fault])
        if fault == "in conflict" and model.name in ("PutItem", "TransactWriteItems"):
            self.happened += 1
            return _conflict(model.name)
        if fault == "sent twice":
            self.happened += 1
            self._again = True
            client = getattr(clients, model.service_model.service_name)
            client._make_request(model, params, context)
            self._again = False
        return None

    def after(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        """The call has had its effect; nobody hears of it."""
        fault = None if self._again else self.at.get(self.calls)
        if fault == "timed out after effect":
            self.happened += 1
            raise ReadTimeoutError(endpoint_url=model.name)
        if fault == "failed after effect":
            self.happened += 1
            http_response.status_code = 500
            parsed["Error"] = {"Code": "InternalServerError", "Message": "tried"}


def _refused(code: str, status: int, **more: Any) -> Answer:
    parsed = {"Error": {"Code": code, "Message": "tried"}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return AWSResponse("", status, {}, None), parsed


def _conflict(operation: str) -> Answer:
    """Another transaction is at the same rows at this moment."""
    if operation == "PutItem":
        return _refused("TransactionConflictException", 400)
    return _refused("TransactionCanceledException", 400, CancellationReasons=[{"Code": "TransactionConflict"}] * 2)


@contextmanager
def set_loose(clients: Clients, faults: Faults) -> Iterator[None]:
    def before(**given: Any) -> Answer | None:
        return faults.before(clients, **given)

    watched = [client.meta.events for client in (clients.dynamodb, clients.sqs)]
    for events in watched:
        events.register_first("before-call", before)
        events.register_last("after-call", faults.after)
    try:
        yield
    finally:
        for events in watched:
            events.unregister("before-call", before)
            events.unregister("after-call", faults.after)


def play(story: Story, faults: Faults) -> Faults:
    """The story with these faults, then without any until its work is done; the invariants hold."""
    with aws() as clients:
        centre = aws_centre(clients)
        accepted = story.prepare(centre)
        try:
            with set_loose(clients, faults):
                accepted = [*accepted, *story.operation(centre, accepted)]
        except (ClientError, ReadTimeoutError, InterleaveError):
            accepted = [*accepted, *_started_unanswered(centre, accepted)]
        _recover(centre, accepted)
    return faults


@pytest.mark.parametrize("name", STORIES)
def test_whatever_call_fails_all_invariants_hold_after_the_router_has_run(name: str, figure: Figure) -> None:
    calls = play(STORIES[name], Faults()).calls
    points = [(at, fault) for at in range(1, calls + 1) for fault in FAULTS]
    first = sorted(STORIES).index(name) % SHARE
    for at, fault in points[first::SHARE]:
        play(STORIES[name], Faults({at: fault}))
        figure("faults, one in an operation", 1)


@pytest.mark.skipif(not LONG, reason="two thousand pairs of faults: make test-long")
def test_two_faults_in_one_operation_are_survived_as_well(figure: Figure) -> None:
    pick = random.Random(9)
    lengths = {name: play(story, Faults()).calls for name, story in STORIES.items()}
    happened = 0
    for _ in range(DOUBLES):
        name = pick.choice([name for name, calls in lengths.items() if calls > 1])
        first, second = sorted(pick.sample(range(1, lengths[name] + 1), 2))
        happened += play(STORIES[name], Faults({first: pick.choice(FAULTS), second: pick.choice(FAULTS)})).happened
    assert happened > DOUBLES
    figure("faults, two in an operation", DOUBLES)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_happens(fault: str) -> None:
    assert play(STORIES["start"], Faults(dict.fromkeys(range(1, 20), fault))).happened > 0
