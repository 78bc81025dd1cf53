"""What every transport promises: messages arrive, and what was drained is gone only when it is forgotten."""

from __future__ import annotations

from chalicelib.messaging.protocol import Notice, Ring
from chalicelib.messaging.sqs import SqsTransport, ring_of
from tests.support.worlds import AwsCentre, Centre, aws, aws_centre


def test_notices_are_drained_from_their_own_queue_until_forgotten(any_centre: Centre) -> None:
    transport = any_centre.world.transport
    billing = [Notice("billing", f"e{n}", n) for n in range(23)]
    transport.announce([*billing, Notice("general", "e", 1)])
    drained = transport.drain("billing")
    assert sorted(drained.notices, key=lambda notice: notice.version) == billing
    transport.forget("billing", drained.receipts)
    assert transport.drain("billing").notices == ()
    assert transport.drain("general").notices == (Notice("general", "e", 1),)


def test_creating_a_queue_again_changes_nothing(any_centre: Centre) -> None:
    transport = any_centre.world.transport
    transport.announce([Notice("billing", "e", 1)])
    transport.create_queue("billing")
    assert transport.drain("billing").notices == (Notice("billing", "e", 1),)


def test_queues_of_the_longest_names_are_told_apart() -> None:
    """SQS gives a name 80 characters; a tenant may have 32, a queue 40."""
    long = [f"{'q' * 39}{n}" for n in range(2)]
    with aws() as clients:
        transport = SqsTransport(clients.sqs, clients.doorbell_url, f"interleave-{'t' * 32}-queue-")
        for queue_id in long:
            transport.create_queue(queue_id)
            transport.announce([Notice(queue_id, "e", 1)])
        assert [transport.drain(each).notices for each in long] == [(Notice(each, "e", 1),) for each in long]
        found = clients.sqs.list_queues(QueueNamePrefix=f"interleave-{'t' * 32}-queue-qqq")["QueueUrls"]
        assert len(found) == 4


def test_a_poisoned_message_goes_to_the_dead_letters_after_bounded_tries_and_is_counted() -> None:
    with aws() as clients:
        centre: AwsCentre = aws_centre(clients)
        url = clients.sqs.get_queue_url(QueueName="interleave-queue-billing")["QueueUrl"]
        clients.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
        clients.sqs.send_message(QueueUrl=url, MessageBody="not a notice")
        counted = sum(centre.world.transport.drain("billing").poisoned for _ in range(8))
        assert counted == 5
        dead = clients.sqs.get_queue_url(QueueName="interleave-queue-billing-dead")["QueueUrl"]
        assert clients.sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "not a notice"


def test_a_ring_is_read_back_and_nonsense_is_not_a_ring() -> None:
    with aws() as clients:
        aws_centre(clients).world.transport.ring([Ring(queue_id="billing"), Ring(agent_id="ana")])
        messages = clients.sqs.receive_message(QueueUrl=clients.doorbell_url, MaxNumberOfMessages=10)["Messages"]
    found = {ring_of(message["Body"]) for message in messages}
    assert found == {Ring(queue_id="billing"), Ring(agent_id="ana")}
    assert ring_of("{}") == Ring()
    assert [ring_of(text) for text in ("", "[]", '{"queue_id": 1}', '{"other": "x"}')] == [None] * 4
