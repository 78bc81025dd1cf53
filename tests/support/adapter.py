"""A reference adapter: what a telephone or chat system writes to have its conversations routed like everything else.

It speaks the public API and receives webhooks, and knows nothing else; docs/channel-adapters.md is its contract. An
event is a hint that an engagement has changed; what is to be connected, the engagement says. So a delivery that comes
late, twice or in the wrong order does no harm, and after a restart it is enough to look once.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from standardwebhooks.webhooks import Webhook

from chalicelib.messaging.protocol import PostFailed
from tests.support.api import Reply

TOLERANCE_SECONDS = 300
CARRIES = {"assigned": "connected", "inactive": "on hold", "wrap_up": "over", "closed": "over"}


class Http(Protocol):
    """A client of the API that has a valid token."""

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply: ...


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> dict[str, Any]:
    """The event, if the delivery is signed with our secret and fresh. `now`: epoch milliseconds.

    The public library makes the signature; its `verify` would compare with the clock of the machine.
    """
    sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = Webhook(secret).sign(headers["webhook-id"], sent_at, body.decode())
    if not hmac.compare_digest(expected, headers["webhook-signature"]):
        raise PostFailed("It answered 401.")
    if abs(now / 1000 - sent_at.timestamp()) > TOLERANCE_SECONDS:
        raise PostFailed("It answered 401.")
    event: dict[str, Any] = json.loads(body)
    return event


@dataclass
class Line:
    """One conversation, as the system that carries it sees it."""

    reference: str
    """That system's own id of it."""
    engagement_id: str
    version: int = 0
    """The version of the engagement by which it was last set."""
    carries: str = "waiting"
    """`waiting` (music, a greeting), `connected`, `on hold` or `over`."""
    connected: dict[str, str] = field(default_factory=dict)
    """Who is to be connected with the consumer: by address `owner`, or the mode in which a supervisor takes part."""


@dataclass
class Adapter:
    """The adapter of one system. Every call of it may be repeated."""

    client: Callable[[], Http]
    secret: str
    """Of its webhook."""
    now: Callable[[], int]
    """Epoch milliseconds."""
    lines: dict[str, Line] = field(default_factory=dict)
    """By engagement."""

    def begin(
        self, reference: str, channel: str, source: str, flow_entry_id: str, consumer: dict[str, str], name: str
    ) -> Line:
        """A consumer calls or writes. Said again, it is the same engagement."""
        body = {
            "channels": [{"channel": channel, "channel_source": source}],
            "flow": {"flow_entry_id": flow_entry_id},
            "consumers": [consumer],
            "work_item_variables": {"work_item_id": reference, "work_item_name": name},
        }
        answer = self._call("POST", "/v2/contact_center/engagement", body, {"Idempotency-Key": reference})
        line = Line(reference, answer.body["engagement_id"])
        self.lines[line.engagement_id] = line
        self.look(line)  # an event may have been faster than this answer
        return line

    def leave(self, line: Line) -> None:
        """The consumer has hung up, or closed the chat."""
        path = f"/v2/contact_center/engagements/{line.engagement_id}"
        body = {"engagement_action": "end", "ended_by": "consumer"}
        self._call("PATCH", path, body, over=("wrap_up", "closed"))
        self.look(line)

    def receive(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """A delivery of its webhook."""
        told = verified(self.secret, headers, body, self.now())["payload"]["object"]
        line = self.lines.get(told.get("engagement_id", ""))
        if line is not None and told["sequence"] > line.version:
            self.look(line)
        return b""

    def look(self, line: Line) -> None:
        """Connect what the engagement says by now."""
        found = self._call("GET", f"/v2/contact_center/engagements/{line.engagement_id}").body
        line.version = found["version"]
        line.carries = CARRIES.get(found["state"], "waiting")
        everybody = [{**found, "mode": "owner"}, *found.get("participants", [])]
        known = {each["connect_to"]: each["mode"] for each in everybody if "connect_to" in each}
        line.connected = known if line.carries == "connected" else {}

    def occupy(self, user_id: str, reference: str, channel: str) -> None:
        """This system has given the agent something by itself."""
        self._call("PUT", f"/v2/contact_center/users/{user_id}/occupancy/{reference}", {"channel": channel})

    def vacate(self, user_id: str, reference: str) -> None:
        """That is over."""
        self._call("DELETE", f"/v2/contact_center/users/{user_id}/occupancy/{reference}")

    def _call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        over: tuple[str, ...] = (),
    ) -> Reply:
        """`over`: the states in which a refusal says that there is nothing left to do."""
        answer = self.client().call(method, path, body, headers)
        if answer.status == 409 and answer.body.get("state") in over:
            return answer
        assert 200 <= answer.status < 300, answer.body
        return answer
