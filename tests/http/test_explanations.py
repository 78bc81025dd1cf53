"""What an explanation says of work that is in somebody's hands, or in nobody's any more."""

from __future__ import annotations

from typing import Any

from chalicelib.engagements.states import TRANSITIONS
from chalicelib.http.explanations import DECISIONS
from tests.http.test_desk import MINE, START, act, offered
from tests.http.test_life import ONE, configured, monitor, patch
from tests.support.api import Api, zoom_body


def explained(api: Api, engagement_id: str) -> dict[str, Any]:
    api.centre.consume()
    found: dict[str, Any] = api.by("sue").get(f"{ONE}/{engagement_id}/explanation").body
    return found


def test_it_says_in_whose_hands_it_is_and_until_when(api: Api) -> None:
    configured(api, {"wrap_up_time": 30})
    engagement_id, offer_id = offered(api)
    clocks = " Its clocks have said: due date at risk, due date breached."
    assert explained(api, engagement_id)["text"] == f"It is offered to ana until 2025-11-23T17:47:15.000Z.{clocks}"
    api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer_id})
    monitor(api, "sue", engagement_id, "barge")
    assert explained(api, engagement_id)["text"] == f"ana works on it. sue takes part (barge).{clocks}"
    patch(api, "ana", engagement_id, engagement_action="deactivate", wake_at="2025-11-23T19:00:00Z")
    assert explained(api, engagement_id)["text"] == f"ana has it parked until 2025-11-23T19:00:00.000Z.{clocks}"
    act(api, "ana", engagement_id, "end")
    assert explained(api, engagement_id)["text"].startswith("ana wraps it up until 2025-11-23T17:47:15.000Z.")
    api.by("ana").post(f"{MINE}/{engagement_id}/wrap_up")
    told = explained(api, engagement_id)
    assert told["text"].startswith("It is closed: completed.")
    assert [each["event_name"] for each in told["decisions"]] == ["offer", "accept", "deactivate", "finish", "close"]


def test_scheduled_work_says_when_it_enters_its_queue(api: Api) -> None:
    body = {**zoom_body(), "not_before": "2025-11-24T08:00:00Z"}
    engagement_id = api.by("crm").post(START, body).body["engagement_id"]
    assert explained(api, engagement_id)["text"].startswith("It enters its queue at 2025-11-24T08:00:00.000Z.")


def test_a_transfer_that_was_refused_is_explained(api: Api) -> None:
    configured(api, {"transfer": {"queues": "none"}})
    engagement_id, offer_id = offered(api)
    api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer_id})
    patch(api, "ana", engagement_id, engagement_action="transfer to queue", target_queue_id="general")
    last = explained(api, engagement_id)["decisions"][-1]
    assert (last["event_name"], last["state"]) == ("refuse_transfer", "assigned")


def test_whatever_moves_work_is_a_decision() -> None:
    """What is none: entering the queue, changes of content, clocks, those who take part, more time, oblivion."""
    assert set(TRANSITIONS) - set(DECISIONS) == {"enqueue", "update", "flag", "observe", "leave", "extend", "erase"}
