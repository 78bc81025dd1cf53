"""What the command line asks of AWS itself."""

from __future__ import annotations

import socket

import pytest

from infra.cli.aws import Stack
from infra.cli.failures import Failed
from infra.sessions import Session


def test_a_stack_that_was_killed_is_said_to_be_gone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"  # taken, so that nobody else listens there
        sqs = Session("us-east-1", endpoint_url=url, key="x").client("sqs")
        stack = Stack(sqs, None, {"DoorbellDeadLettersUrl": f"{url}/1/dead", "QueuePrefix": "q-"})
        with pytest.raises(Failed, match=f"Nothing answers at {url}") as failed:
            list(stack.dead_letters())
    assert "interleave serve" in failed.value.step
