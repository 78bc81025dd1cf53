"""What every transport promises: messages arrive, and what was drained is gone only when it is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.messaging.protocol import Notice, Ring
from chalicelib.messaging.sqs import SqsTransport, ring_of
from tests.support.worlds import Centre, Clients, aws_centre


def test_notices_are_drained_from_their_own_queue_until_forgotten(any_centre: Centre) -> None:
    transport = any_centre.world.transport
    billing = [Notice("billing", f"e{n}", n) for n in range(23)]
    transport.announce([*billing, Notice("general", "e", 1)])
    found: list[Notice] = []
    for _ in billing:  # SQS may give in parts what is there
        drained = transport.drain("billing")
        found += drained.notices
        transport.forget("billing", drained.receipts)
        if len(found) >= len(billing):
            break
    assert sorted(found, key=lambda notice: notice.version) == billing
    assert transport.drain("billing").notices == ()
    assert transport.drain("general").notices == (Notice("general", "e", 1),)


def test_creating_a_queue_again_changes_nothing(any_centre: Centre) -> None:
    transport = any_centre.world.transport
    transport.announce([Notice("billing", "e", 1)])
    transport.create_queue("billing")
    assert transport.drain("billing").notices == (Notice("billing", "e", 1),)


def test_queues_of_the_longest_names_are_told_apart(clients: Clients) -> None:
    """SQS gives a name 80 characters; a tenant may have 32, a queue 40."""
    long = [f"{'q' * 39}{n}" for n in range(2)]
    prefix = f"{clients.queue_prefix.removesuffix('-queue-'):t<43}-queue-"
    transport = SqsTransport(clients.sqs, clients.doorbell_url, prefix)
    for queue_id in long:
        transport.create_queue(queue_id)
        transport.announce([Notice(queue_id, "e", 1)])
    assert [transport.drain(each).notices for each in long] == [(Notice(each, "e", 1),) for each in long]
    found = clients.sqs.list_queues(QueueNamePrefix=f"{prefix}qqq")["QueueUrls"]
    assert len(found) == 4


@contextmanager
def seen_again_at_once(clients: Clients) -> Iterator[None]:
    """What is received and not forgotten stays in sight, as if its time had passed."""

    def stay(params: dict[str, Any], **_: Any) -> None:
        params["VisibilityTimeout"] = 0

    events, name = clients.sqs.meta.events, "before-parameter-build.sqs.ReceiveMessage"
    events.register(name, stay)
    try:
        yield
    finally:
        events.unregister(name, stay)


def test_a_poisoned_message_goes_to_the_dead_letters_after_bounded_tries_and_is_counted(clients: Clients) -> None:
    transport = aws_centre(clients).world.transport
    url = clients.sqs.get_queue_url(QueueName=f"{clients.queue_prefix}billing")["QueueUrl"]
    clients.sqs.send_message(QueueUrl=url, MessageBody="not a notice")
    with seen_again_at_once(clients):
        assert sum(transport.drain("billing").poisoned for _ in range(8)) == 5
    dead = clients.sqs.get_queue_url(QueueName=f"{clients.queue_prefix}billing-dead")["QueueUrl"]
    assert clients.sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "not a notice"


def test_a_ring_is_read_back_and_nonsense_is_not_a_ring(clients: Clients) -> None:
    aws_centre(clients).world.transport.ring([Ring(queue_id="billing"), Ring(agent_id="ana")])
    messages = clients.sqs.receive_message(QueueUrl=clients.doorbell_url, MaxNumberOfMessages=10)["Messages"]
    found = {ring_of(message["Body"]) for message in messages}
    assert found == {Ring(queue_id="billing"), Ring(agent_id="ana")}
    assert ring_of("{}") == Ring()
    assert [ring_of(text) for text in ("", "[]", '{"queue_id": 1}', '{"other": "x"}')] == [None] * 4
