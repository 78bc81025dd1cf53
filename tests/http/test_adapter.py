"""The contract of docs/channel-adapters.md: the reference adapter makes the calls that stand there, in their order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chalicelib.messaging.protocol import PostFailed
from tests.http.test_desk import MINE, ready
from tests.http.test_life import configured, monitor
from tests.http.test_live_channels import LIVE
from tests.support.adapter import TOLERANCE_SECONDS, Adapter, Line
from tests.support.api import Api, Reply

CONTRACT = (Path(__file__).parents[2] / "docs" / "channel-adapters.md").read_text()
HOOK = "https://pbx.example.com/interleave"
ANA, SUE = "sip:ana@example.com", "sip:sue@example.com"


@dataclass
class Recorder:
    """A client that remembers its calls as the contract writes them."""

    api: Api
    said: list[str] = field(default_factory=list)
    last: Reply | None = None

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        head = [f"{method} {path}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        self.said.append("\n".join(head) + ("" if body is None else f"\n\n{json.dumps(body)}"))
        self.last = self.api.call(method, path, body, headers)
        return self.last


@dataclass
class Phones:
    """A telephone system with the reference adapter, and the centre that it works with."""

    api: Api
    http: Recorder
    adapter: Adapter

    def incoming(self) -> Line:
        consumer = {"consumer_display_name": "Jill Chill", "consumer_number": "+15550199"}
        return self.adapter.begin("call-4711", "voice", "+15550100", "entry-calls", consumer, "A call")

    def happens(self) -> None:
        self.api.centre.settle()
        self.api.centre.deliver()

    def answered(self) -> Line:
        ready(self.api)
        line = self.incoming()
        self.happens()
        (offer,) = self.api.by("ana").get(MINE).body["assignments"]
        self.api.by("ana").post(f"{MINE}/{line.engagement_id}/accept", {"offer_id": offer["offer_id"]})
        self.happens()
        return line


@pytest.fixture
def phones(api: Api) -> Phones:
    supervisor = {"user_id": "sue", "display_name": "Sue", "queues": [], "addresses": {"voice": SUE}}
    hooks = [{"webhook_id": "pbx", "url": HOOK}]
    configured(api, **{**LIVE, "agents": [*LIVE["agents"], supervisor], "webhooks": hooks})
    secret = api.by("adm").get("/v2/contact_center/webhooks/pbx/secret").body["secret"]
    http = Recorder(api.by("crm"))
    adapter = Adapter(lambda: http, secret, api.centre.clock)
    api.centre.posts.receivers[HOOK] = adapter.receive
    return Phones(api, http, adapter)


def examples(kind: str) -> list[str]:
    return [each.strip() for each in re.findall(rf"```{kind}\n(.*?)```", CONTRACT, re.DOTALL)]


def in_one_form(example: str) -> str:
    """With its body in one line."""
    head, _, body = example.partition("\n\n")
    return f"{head}\n\n{json.dumps(json.loads(body))}" if body else head


def holds(told: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is told; there may be more."""
    if isinstance(wanted, dict):
        return all(name in told and holds(told[name], value) for name, value in wanted.items())
    return bool(told == wanted)


def test_the_calls_and_answers_of_the_contract_are_those_of_the_reference_adapter(phones: Phones) -> None:
    line = phones.answered()
    event, engagement = (json.loads(each) for each in examples("json"))
    delivered = [json.loads(body) for _, _, body in phones.api.centre.posts.sent]
    assert any(holds(each, event) for each in delivered)
    monitor(phones.api, "sue", line.engagement_id, "barge")
    phones.happens()
    assert phones.http.last is not None
    assert holds(phones.http.last.body, engagement)
    phones.adapter.leave(line)
    phones.adapter.occupy("ana", "desk-77", "voice")
    phones.adapter.vacate("ana", "desk-77")
    said = [each.replace(line.engagement_id, "{engagement_id}") for each in phones.http.said]
    assert list(dict.fromkeys(said)) == [in_one_form(each) for each in examples("http")]


def test_it_connects_whoever_has_the_call_and_nobody_else(phones: Phones) -> None:
    line = phones.answered()
    assert (line.carries, line.connected) == ("connected", {ANA: "owner"})
    monitor(phones.api, "sue", line.engagement_id, "whisper")
    phones.happens()
    assert line.connected == {ANA: "owner", SUE: "whisper"}
    path = f"/v2/contact_center/engagements/{line.engagement_id}"
    for action, carries in (("deactivate", "on hold"), ("activate", "connected"), ("release", "waiting")):
        assert phones.api.by("ana").patch(path, {"engagement_action": action}).status == 204
        phones.api.centre.consume()
        phones.api.centre.deliver()
        assert line.carries == carries
    assert line.connected == {}


def test_deliveries_that_come_late_twice_or_in_another_order_do_no_harm(phones: Phones) -> None:
    line = phones.answered()
    calls = len(phones.http.said)
    for _, headers, body in reversed(phones.api.centre.posts.sent):
        phones.adapter.receive(headers, body)
    assert len(phones.http.said) == calls, "nothing newer, nothing to look at"
    assert (line.carries, line.connected) == ("connected", {ANA: "owner"})


def test_a_delivery_that_is_forged_or_stale_is_refused(phones: Phones) -> None:
    phones.answered()
    _, headers, body = phones.api.centre.posts.sent[0]
    for changes in ({"webhook-signature": "v1,AAAA"}, {"webhook-id": "another"}):
        with pytest.raises(PostFailed):
            phones.adapter.receive({**headers, **changes}, body)
    with pytest.raises(PostFailed):
        phones.adapter.receive(headers, body.replace(b"queued", b"closed"))
    phones.api.centre.clock.pass_seconds(TOLERANCE_SECONDS + 1)
    with pytest.raises(PostFailed):
        phones.adapter.receive(headers, body)


def test_whatever_it_says_it_may_say_again(phones: Phones) -> None:
    line = phones.incoming()
    assert phones.incoming().engagement_id == line.engagement_id
    for _ in range(2):
        phones.adapter.occupy("ana", "desk-77", "voice")
    for _ in range(2):
        phones.adapter.vacate("ana", "desk-77")
    for _ in range(2):
        phones.adapter.leave(line)
    assert line.carries == "over"


def test_the_contract_is_no_longer_than_two_pages() -> None:
    assert len(CONTRACT.split()) < 1000
