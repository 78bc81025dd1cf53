"""A stack's own AWS resources, for what no API offers: its dead letters, and a sweep at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infra import deploy, emulator
from infra.cli.connection import Options
from infra.cli.deployed import Where, session_of, told
from infra.cli.failures import Failed
from infra.settings import settings_of
from infra.stacks import Stack as CloudFormationStack

BATCH = 10
SOURCES = {
    "doorbell": ("DoorbellDeadLettersUrl", "DoorbellUrl"),
    "deliveries": ("DeliveriesDeadLettersUrl", "DeliveriesUrl"),
    "recorder": ("RecorderDeadLettersUrl", None),
}
"""Name → the outputs with the addresses of its dead letters, and of where they go again.

The recorder's are notes about stream records that could not be taken in, not messages that could be sent again.
"""
DEAD = "-dead"


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """One queue of dead letters."""

    name: str
    url: str
    source: str | None
    """Where they came from, and go to again."""
    count: int


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack's messages and functions."""

    sqs: Any
    functions: Any
    outputs: dict[str, str]

    def sweep(self) -> None:
        """Do now what is done every minute: due timers, missed offers, places counted again. Raises `Failed`."""
        with _reached():
            answer = self.functions.invoke(FunctionName=self.outputs["SweeperName"], Payload=b"{}")
        if "FunctionError" in answer:
            raise Failed("The sweeper failed.", "Its log says why; docs/runbooks has a page.")

    def dead_letters(self) -> Iterator[DeadLetters]:
        """Every queue of dead letters, also the empty ones. Raises `Failed`."""
        with _reached():
            yield from self._dead_letters()

    def _dead_letters(self) -> Iterator[DeadLetters]:
        from infra.sessions import queue_urls  # slow to import, and of no use to most commands

        for name, (dead, source) in SOURCES.items():
            if dead in self.outputs:
                url = self.outputs[dead]
                yield DeadLetters(name, url, self.outputs.get(source or ""), self._count(url))
        prefix = self.outputs["QueuePrefix"]
        for url in queue_urls(self.sqs, prefix):
            if url.endswith(DEAD):
                name = url.rsplit("/", 1)[-1].removeprefix(prefix).removesuffix(DEAD)
                yield DeadLetters(f"queue {name}", url, url.removesuffix(DEAD), self._count(url))

    def redrive(self, dead: DeadLetters) -> int:
        """Send everything where it came from, and how much that was. Raises `Failed`.

        Each is taken away only after it was sent: a crash in between sends it twice, which nobody minds.
        """
        with _reached():
            return self._redrive(dead)

    def _redrive(self, dead: DeadLetters) -> int:
        moved = 0
        while True:
            answer = self.sqs.receive_message(QueueUrl=dead.url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
            messages = answer.get("Messages", [])
            if not messages:
                return moved
            entries = [{"Id": str(n), "MessageBody": each["Body"]} for n, each in enumerate(messages)]
            sent = self.sqs.send_message_batch(QueueUrl=dead.source, Entries=entries)
            for each in sent["Successful"]:
                self.sqs.delete_message(QueueUrl=dead.url, ReceiptHandle=messages[int(each["Id"])]["ReceiptHandle"])
            moved += len(sent["Successful"])
            if sent.get("Failed"):
                raise Failed(f"{len(sent['Failed'])} messages were not taken by {dead.source}.", "Run it again.")

    def _count(self, url: str) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])


@contextmanager
def _reached() -> Iterator[None]:
    """AWS, or the emulator: a local stack that was killed leaves its file behind. Raises `Failed`."""
    from botocore.exceptions import ConnectionError as NotReached  # slow to import, and of no use to most commands

    with told():
        try:
            yield
        except NotReached as error:
            step = "Start the local stack with `interleave serve`; for a deployed tenant, look at the network."
            raise Failed(f"Nothing answers at {error.kwargs.get('endpoint_url', 'AWS')}.", step) from error


def stack_of(options: Options, name: str | None) -> Stack:
    """A deployed stack by its tenant's name, with the environment's AWS credentials; else the local one, where no other
    tenant is meant.

    Raises `Failed`.
    """
    from infra.sessions import Session  # slow to import, and of no use to most commands

    if name is not None:
        with _reached():
            session = session_of(settings_of(name), Where(endpoint_url=os.environ.get("AWS_ENDPOINT_URL")))
            outputs = CloudFormationStack(session.client("cloudformation"), deploy.stack_name(name)).outputs()
        return Stack(session.client("sqs"), session.client("lambda"), outputs)
    if options.url is not None:
        raise Failed("INTERLEAVE_URL says where a tenant's API is, not where its messages are.", "Name its --stack.")
    aws = options.local().get("aws")
    if aws is None:
        raise Failed("The local stack does not say where its emulator is.", "Start it again with `interleave serve`.")
    session = Session(aws["region"], endpoint_url=aws["endpoint_url"], key=emulator.KEY)
    return Stack(session.client("sqs"), session.client("lambda"), aws["outputs"])
