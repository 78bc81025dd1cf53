"""The main job over HTTP, through the package that is deployed: one call in, the right agent, one report out."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from chalicelib.storage.dynamodb import DynamoStore
from infra import clients
from infra.client import Api
from infra.demo.incidents import load, start_body, user_id
from infra.demo.play import ASSIGNMENTS, START
from tests.e2e.conftest import Running

pytestmark = pytest.mark.e2e

TICKET = next(ticket for ticket in load() if ticket.group == "Group 12")
"""A group with one resolver: nobody else can get its work."""
AGENT = user_id(TICKET.resolver)
STATUS = "/v2/contact_center/users/me/status"
AT_ONCE = 64


def play(running: Running, story: Callable[[Callable[[str], Api]], Awaitable[None]]) -> None:
    """Run a story, which is given a way to call the API as somebody."""

    async def told() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
            local = running.local
            everybody = {**local["agents"], **local["clients"]}

            def by(name: str) -> Api:
                return Api(session, local["url"], local["account_id"], **everybody[name])

            await story(by)

    asyncio.run(told())


def body(work: str) -> dict[str, Any]:
    made = start_body(TICKET)
    made["work_item_variables"]["work_item_id"] = work
    return made


async def until(what: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until there is an answer, for a minute."""
    for _ in range(600):
        answer = await what()
        if answer:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("nothing came in a minute")


def test_from_one_call_to_one_line_in_the_report(running: Running) -> None:
    async def story(by: Callable[[str], Api]) -> None:
        source, agent, supervisor = by("integration"), by(AGENT), by("supervisor")
        started = await source.expect(201, "POST", START, body(secrets.token_hex(8)))
        path = f"{START}s/{started['engagement_id']}"
        assert (await source.expect(200, "GET", path))["state"] == "queued"
        await agent.expect(204, "PATCH", STATUS, {"status_id": "Ready"})

        async def offers() -> Any:
            return (await agent.expect(200, "GET", ASSIGNMENTS))["assignments"]

        (offer,) = await until(offers)
        assert offer["work_item_variables"]["work_item_name"].startswith("INC")
        accept = f"{ASSIGNMENTS}/{offer['engagement_id']}/accept"
        await agent.expect(200, "POST", accept, {"offer_id": offer["offer_id"]})
        assert (await agent.call("POST", accept, {"offer_id": offer["offer_id"]})).status == 409
        await agent.expect(204, "PATCH", path, {"engagement_action": "deactivate"})
        await agent.expect(204, "PATCH", path, {"engagement_action": "activate"})
        await agent.expect(204, "PATCH", path, {"engagement_action": "end", "disposition": "Solved"})
        closed = await source.expect(200, "GET", path)
        assert (closed["state"], closed["disposition"]) == ("closed", "Solved")
        events = (await supervisor.expect(200, "GET", f"{path}/events"))["events"]
        names = ["start", "offer", "accept", "deactivate", "activate", "close"]
        assert [event["event_name"] for event in events] == names
        await agent.expect(204, "PATCH", STATUS, {"status_id": "Offline"})

        async def reported() -> Any:
            dataset = "/v2/contact_center/analytics/dataset/historical/agent_performance?interval=1d"
            rows = (await supervisor.expect(200, "GET", dataset))["agent_performance"]
            return [row for row in rows if row["user_id"] == AGENT and row["handled_count"] == 1]

        assert await until(reported)

    play(running, story)


def test_i1_of_64_identical_starts_at_once_exactly_one_is_accepted(running: Running) -> None:
    async def story(by: Callable[[str], Api]) -> None:
        source, one = by("integration"), body(secrets.token_hex(8))
        await source.expect(200, "GET", "/health")
        replies = await asyncio.gather(*(source.call("POST", START, one) for _ in range(AT_ONCE)))
        assert Counter(reply.status for reply in replies) == {201: 1, 409: AT_ONCE - 1}
        (accepted,) = [reply.body["engagement_id"] for reply in replies if reply.status == 201]
        assert {r.body["existing_engagement_id"] for r in replies if r.status == 409} == {accepted}

    play(running, story)


def test_i2_64_starts_with_one_key_all_give_the_same_engagement(running: Running) -> None:
    async def story(by: Callable[[str], Api]) -> None:
        source, one = by("integration"), body(secrets.token_hex(8))
        key = {"Idempotency-Key": secrets.token_hex(8)}
        replies = await asyncio.gather(*(source.call("POST", START, one, **key) for _ in range(AT_ONCE)))
        assert {reply.status for reply in replies} == {201}
        assert len({reply.body["engagement_id"] for reply in replies}) == 1
        assert sum("Idempotent-Replayed" not in reply.headers for reply in replies) == 1

    play(running, story)


def test_a_poisoned_ring_ends_in_the_dead_letters(running: Running) -> None:
    sqs = running.stack.session.client("sqs")
    outputs = running.stack.outputs
    # Five tries at the deployed visibility time-out would take half an hour; the redrive policy is the deployed one.
    sqs.set_queue_attributes(QueueUrl=outputs["DoorbellUrl"], Attributes={"VisibilityTimeout": "1"})
    sqs.send_message(QueueUrl=outputs["DoorbellUrl"], MessageBody="not a ring")
    for _ in range(60):
        dead = sqs.receive_message(QueueUrl=outputs["DoorbellDeadLettersUrl"], WaitTimeSeconds=1).get("Messages", [])
        if any(each["Body"] == "not a ring" for each in dead):
            break
        for each in dead:  # a ring that a slow router had for more than a second
            sqs.delete_message(QueueUrl=outputs["DoorbellDeadLettersUrl"], ReceiptHandle=each["ReceiptHandle"])
    sqs.set_queue_attributes(QueueUrl=outputs["DoorbellUrl"], Attributes={"VisibilityTimeout": "360"})
    for message in dead:
        sqs.delete_message(QueueUrl=outputs["DoorbellDeadLettersUrl"], ReceiptHandle=message["ReceiptHandle"])
    assert "not a ring" in [message["Body"] for message in dead]


def test_a_missed_offer_comes_back_in_a_queue_that_was_just_configured(running: Running) -> None:
    """The timers of offer and cool-down, through the stream, a delayed message and the router, in seconds."""
    store = DynamoStore(running.stack.session.client("dynamodb"), running.stack.outputs["TableName"])
    running.local["agents"]["quick-agent"] = clients.create(store, "quick-agent", "agent")
    queue = {"queue_id": "quick", "queue_name": "Quick", "offer_timeout": 1, "cool_down": 1}
    steps = [{"set": {"queue_id": "quick"}}]
    flow = {
        "flow_id": "quick",
        "flow_name": "Quick",
        "versions": [{"flow_version": 1, "status": "published", "steps": steps}],
        "entry_points": [{"entry_id": "quick", "entry_name": "Quick"}],
    }
    agent = {"user_id": "quick-agent", "display_name": "Quick", "queues": ["quick"]}

    async def story(by: Callable[[str], Api]) -> None:
        path = "/v2/contact_center/configuration"
        document = (await by("admin").expect(200, "GET", path))["document"]
        added = {"queues": [queue], "flows": [flow], "agents": [agent]}
        document = {kind: [*document[kind], *more] for kind, more in added.items()}
        await by("admin").expect(200, "PUT", path, document)
        await by("quick-agent").expect(204, "PATCH", STATUS, {"status_id": "Ready"})
        one = {**body(secrets.token_hex(8)), "flow": {"flow_entry_id": "quick"}}
        started = await by("integration").expect(201, "POST", START, one)

        async def offered_twice() -> Any:
            events = await by("supervisor").expect(200, "GET", f"{START}s/{started['engagement_id']}/events")
            names = [event["event_name"] for event in events["events"]]
            return names if names.count("offer") >= 2 else None

        assert (await until(offered_twice))[:4] == ["start", "offer", "miss", "offer"]
        await by("quick-agent").expect(204, "PATCH", STATUS, {"status_id": "Offline"})

    play(running, story)


def test_bad_input_is_refused_over_http_too(running: Running) -> None:
    async def story(by: Callable[[str], Api]) -> None:
        source = by("integration")
        bad = body("x")
        bad["work_item_variables"]["work_item_hyperlink"] = "javascript:alert(1)"
        reply = await source.call("POST", START, bad)
        assert (reply.status, reply.headers["Content-Type"]) == (400, "application/problem+json")
        assert reply.body["errors"][0]["pointer"] == "/work_item_variables/work_item_hyperlink"
        assert reply.body["request_id"]
        large = body("x")
        large["work_item_variables"]["work_item_desc"] = "x" * 70_000
        assert (await source.call("POST", START, large)).status == 400

    play(running, story)
