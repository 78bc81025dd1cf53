"""The process is killed while the document changes: it is the old one or the new one, and nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from chalicelib.operations import configuring
from chalicelib.storage import codec
from tests.simulation.test_crash import Fuse, Killed, Story, assigned, deaths, enlisted, lit, play, waiting
from tests.support.figures import Figure
from tests.support.worlds import TENANT, AwsCentre, aws, aws_centre

WITHOUT_BILLING: dict[str, Any] = {
    **TENANT,
    "queues": TENANT["queues"][1:],
    "agents": [
        {**TENANT["agents"][0], "queues": ["express"]},
        {**TENANT["agents"][1], "queues": ["general"]},
    ],
    "flows": [
        {
            **TENANT["flows"][0],
            "versions": [{"flow_version": 2, "status": "published", "steps": [{"set": {"queue_id": "general"}}]}],
        },
        TENANT["flows"][1],
    ],
    "moved_queues": {"billing": "general"},
}
CLEO = {"user_id": "cleo", "display_name": "Cleo", "queues": ["billing"], "capacity": {"work_item": 2}}


def configure_anew(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.apply(centre.world, {**TENANT, "queues": [*TENANT["queues"], NEW_QUEUE]}, None)
    return []


NEW_QUEUE = {"queue_id": "new", "queue_name": "New"}


def configured_anew(centre: AwsCentre) -> list[str]:
    accepted = waiting(centre)
    configure_anew(centre, accepted)
    return accepted


def roll_back(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.rollback(centre.world, 1, None, configuring.Terms("admin:adm"))
    return []


def take_out_the_queue(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.apply(centre.world, WITHOUT_BILLING, None)
    return []


def in_the_hands_of_cleo(centre: AwsCentre) -> list[str]:
    centre.configure({**TENANT, "agents": [*TENANT["agents"], CLEO]})
    accepted = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.ready("cleo")
    centre.settle()
    centre.accept(accepted[0])
    return accepted


def take_out_cleo(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.apply(centre.world, TENANT, None, configuring.Terms(release=True))
    return []


STORIES = {
    "apply a document": Story(waiting, configure_anew),
    "roll back": Story(configured_anew, roll_back),
    "take out a queue whose work moves": Story(enlisted, take_out_the_queue),
    "take out a queue while its work is in an agent's hands": Story(assigned, take_out_the_queue),
    "take out an agent who holds work": Story(in_the_hands_of_cleo, take_out_cleo),
}


@pytest.mark.parametrize("name", STORIES)
def test_killed_at_any_call_all_invariants_hold_after_the_router_has_run(name: str, figure: Figure) -> None:
    alive = play(STORIES[name], Fuse(0, "never"))
    assert alive.calls > 0
    for fuse in deaths(alive):
        play(STORIES[name], fuse)
        figure("deaths of a process", 1)


SMALL = {**TENANT, "heartbeat_timeout": 60}
CHANGES = {"apply": SMALL, "apply what no one row can hold": {**TENANT, "queues": [*TENANT["queues"], NEW_QUEUE]}}


@pytest.mark.parametrize("name", CHANGES)
def test_killed_at_any_call_it_is_the_old_document_or_the_new_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name != "apply":
        monkeypatch.setattr(codec, "LARGEST_PART", 200)
    alive = Fuse(0, "never")
    assert _applied(CHANGES[name], alive) == "new"
    seen = {_applied(CHANGES[name], fuse) for fuse in deaths(alive)}
    assert seen == {"old", "new"}


def _applied(document: dict[str, Any], fuse: Fuse) -> str:
    """Which document is there after the process was killed."""
    with aws() as clients:
        centre = aws_centre(clients)
        before = configuring.current(centre.world)
        with lit(clients, fuse), suppress(Killed):
            configuring.apply(centre.world, document, None)
        after = configuring.current(centre.world)
    known = {1: (before.document, "old"), 2: (document, "new")}
    expected, which = known[after.version]
    assert after.document == expected
    return which
