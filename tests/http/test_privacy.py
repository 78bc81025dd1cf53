"""How long work can be read, and what becomes of one consumer's data on request."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chalicelib.engagements.model import consumer_key
from chalicelib.operations import privacy, reconciling
from tests.http.test_desk import MINE, START, act, ready
from tests.support.api import Api, Reply, api_of, zoom_body
from tests.support.worlds import TENANT, aws, aws_centre

CONSUMERS = "/v2/contact_center/consumers"
JILL = {"consumer_external_id": "C-77"}
PRIVATE = ("Jill", "jill@example.com", "+1234561212", "It does not work", "He called again")
DAY = 86_400


@pytest.fixture(params=["memory", "dynamodb"])
def over(request: pytest.FixtureRequest, api: Api) -> Iterator[Api]:
    """The API over each store."""
    if request.param == "memory":
        yield api
    else:
        with aws() as clients:
            yield api_of(aws_centre(clients))


def accepted(api: Api, work_item_id: str = "CASE-1") -> str:
    """Jill's work, in ana's hands."""
    engagement_id: str = api.by("crm").post(START, zoom_body(work_item_id)).body["engagement_id"]
    ready(api)
    api.centre.settle()
    (offer,) = [each for each in api.by("ana").get(MINE).body["assignments"] if each["state"] == "offered"]
    api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer["offer_id"]})
    return engagement_id


def closed(api: Api, work_item_id: str = "CASE-1") -> str:
    """The same, noted and ended."""
    engagement_id = accepted(api, work_item_id)
    api.by("ana").post(f"{START}s/{engagement_id}/notes", {"note": "He called again"})
    assert act(api, "ana", engagement_id, "end").status == 204
    api.centre.settle()
    return engagement_id


def ended_with(api: Api, disposition: str) -> str:
    """The same work again, ended with an agent's own words; the one before lives in the history alone."""
    engagement_id = accepted(api)
    end = {"engagement_action": "end", "disposition": disposition}
    assert api.by("ana").patch(f"{START}s/{engagement_id}", end).status == 204
    api.centre.settle()
    return engagement_id


def declined_with(api: Api, words: str) -> str:
    """The same work again, declined with an agent's own words, and withdrawn."""
    engagement_id: str = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    ready(api)
    api.centre.settle()
    (offer,) = api.by("ana").get(MINE).body["assignments"]
    api.by("ana").post(f"{MINE}/{engagement_id}/decline", {"offer_id": offer["offer_id"], "reason": words})
    assert act(api, "crm", engagement_id, "end").status == 204
    api.centre.consume()
    return engagement_id


def later(api: Api, days: int) -> None:
    api.centre.clock.pass_seconds(days * DAY)
    api.tokens.clear()


def ask(api: Api, what: str, **body: str) -> Reply:
    return api.by("adm").post(f"{CONSUMERS}/{what}", body)


def read(api: Api, engagement_id: str) -> Reply:
    return api.by("sue").get(f"{START}s/{engagement_id}")


class TestRetention:
    @pytest.mark.parametrize(("days", "status"), [(29, 200), (31, 404)])
    def test_closed_work_is_read_for_thirty_days_and_then_is_gone(self, api: Api, days: int, status: int) -> None:
        engagement_id = closed(api)
        later(api, days)
        assert read(api, engagement_id).status == status
        found = api.by("sue").get("/v2/contact_center/work_items?work_item_id=CASE-1&work_item_name=A%20case")
        assert found.status == status

    def test_or_for_as_long_as_was_configured_when_it_started(self, api: Api) -> None:
        api.centre.configure({**TENANT, "retention_days": 90})
        api.centre.clock.pass_seconds(5)
        engagement_id = closed(api)
        api.centre.configure({**TENANT, "retention_days": 1})
        later(api, 89)
        assert read(api, engagement_id).status == 200
        later(api, 2)
        assert read(api, engagement_id).status == 404

    def test_also_where_other_work_has_taken_its_row(self, api: Api) -> None:
        engagement_id = closed(api)
        api.by("crm").post(START, zoom_body())
        api.centre.settle()
        assert read(api, engagement_id).body["consumers"][0]["consumer_display_name"] == "Jill Chill"
        later(api, 31)
        assert read(api, engagement_id).status == 404

    def test_the_history_of_long_open_work_stays_whole(self, over: Api) -> None:
        engagement_id = accepted(over)
        for _ in range(5):
            act(over, "ana", engagement_id, "deactivate")
            over.centre.consume()
            later(over, 20)
            act(over, "ana", engagement_id, "activate")
        over.centre.consume()
        events = over.by("sue").get(f"{START}s/{engagement_id}/events").body["events"]
        assert [each["version"] for each in events] == list(range(1, 14))

    def test_rows_and_notes_go_when_the_work_does(self) -> None:
        with aws() as clients:
            api = api_of(aws_centre(clients))
            engagement_id = closed(api)
            rows = clients.dynamodb.scan(TableName="interleave")["Items"]
            mine = [row for row in rows if row["pk"]["S"].startswith("WORK#")]
            assert {row["sk"]["S"][:2] for row in mine} == {"HE", "N#"}
            ended = api.centre.read(engagement_id).closed_at or 0
            assert {int(row["expires_at"]["N"]) for row in mine} == {ended // 1000 + 30 * DAY}


class TestExport:
    def test_everything_that_is_kept_of_one_consumer_and_of_nobody_else(self, over: Api) -> None:
        mine = [closed(over, "CASE-1"), accepted(over, "CASE-2")]
        other = zoom_body("CASE-3", consumers=[{"consumer_display_name": "Jack", "consumer_external_id": "C-78"}])
        over.by("crm").post(START, other)
        over.centre.settle()
        answer = ask(over, "export", **JILL).body
        assert [each["engagement_id"] for each in answer["engagements"]] == mine
        assert answer["next_from"] is None
        first = answer["engagements"][0]
        assert [note["note"] for note in first["notes"]] == ["He called again"]
        assert first["events"][-1]["event_name"] == "close"
        assert first["consumers"][0]["consumer_email"] == "jill@example.com"

    def test_a_call_gives_up_looking_for_what_is_gone_and_says_where_to_go_on(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(privacy, "MOST_READ", 2)
        for n in range(3):
            closed(api, f"CASE-{n}")
            api.centre.clock.pass_seconds(1)
        later(api, 31)
        kept = closed(api, "CASE-3")
        first = ask(api, "export", **JILL).body
        assert first["engagements"] == []
        second = ask(api, "export", **JILL, **{"from": first["next_from"]}).body
        assert ([each["engagement_id"] for each in second["engagements"]], second["next_from"]) == ([kept], None)

    @pytest.mark.parametrize("full_of", ["AT_ONCE", "MOST_WEIGHT", "MOST_READ"])
    def test_an_answer_ends_where_it_is_full_and_says_where_to_go_on(
        self, api: Api, full_of: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(privacy, full_of, 1)
        for n in range(5):  # the first and second, and the third and fourth, at the same moment
            api.by("crm").post(START, zoom_body(f"CASE-{n}"))
            api.centre.clock.pass_seconds(n % 2)
        api.centre.consume()
        found, start = [], "1970-01-01T00:00:00Z"
        while start is not None and len(found) < 10:
            answer = ask(api, "export", **JILL, **{"from": start}).body
            found.append([each["work_item_variables"]["work_item_id"] for each in answer["engagements"]])
            start = answer["next_from"]
        assert [sorted(each) for each in found] == [["CASE-0", "CASE-1"], ["CASE-2", "CASE-3"], ["CASE-4"]]

    def test_an_unknown_consumer_has_nothing(self, api: Api) -> None:
        assert ask(api, "export", consumer_email="x@example.com").body == {"engagements": [], "next_from": None}

    def test_he_is_known_by_the_first_identity_that_came(self) -> None:
        full = {"consumer_external_id": "C", "consumer_email": "e", "consumer_number": "n"}
        assert consumer_key(full) == consumer_key({"consumer_external_id": "C"})
        assert consumer_key({"consumer_email": "C"}) != consumer_key({"consumer_external_id": "C"})
        assert consumer_key({"consumer_display_name": "Jill"}) is None


class TestErasure:
    def test_what_closed_work_said_is_forgotten_and_what_happened_stays(self, over: Api) -> None:
        engagement_id = closed(over)
        assert ask(over, "erase", **JILL).body == {"erased": [engagement_id], "still_open": [], "more": False}
        over.centre.settle()  # the whole stream comes again
        found = read(over, engagement_id).body
        assert (found["state"], found["consumers"]) == ("closed", [])
        events = over.by("sue").get(f"{START}s/{engagement_id}/events").body["events"]
        assert [each["event_name"] for each in events] == ["start", "offer", "accept", "close", "erase"]
        assert events[-1]["actor"] == "admin:adm"
        assert over.by("sue").get(f"{START}s/{engagement_id}/notes").body["notes"] == []
        assert ask(over, "export", **JILL).body["engagements"] == []

    def test_no_row_says_anything_of_him_any_more(self) -> None:
        with aws() as clients:
            api = api_of(aws_centre(clients))
            first = closed(api)
            other = closed(api)  # the same work again: the first lives in the history alone
            assert sorted(ask(api, "erase", **JILL).body["erased"]) == sorted([first, other])
            api.centre.consume()
            api.centre.consume()
            store = api.centre.world.store
            kept = [store.engagement(first), store.engagement(other), store.archived(first)[0]]
            assert all(each.content == type(each.content)() for each in kept if each is not None)
            assert store.notes(first) == store.notes(other) == []
            text = json.dumps(clients.dynamodb.scan(TableName="interleave")["Items"], default=str)
            assert all(word not in text for word in PRIVATE)

    def test_nor_do_words_with_which_an_agent_ended_it(self, over: Api) -> None:
        first, other = (ended_with(over, words) for words in ("Jill was called back", "Jill was pleased"))
        assert all("Jill was" in json.dumps(read(over, each).body) for each in (first, other))
        ask(over, "erase", **JILL)
        over.centre.settle()
        assert not any("Jill" in json.dumps(read(over, each).body) for each in (first, other))

    def test_nor_do_words_with_which_an_agent_declined_it(self, over: Api) -> None:
        ids = [declined_with(over, words) for words in ("Jill is rude", "Jill again")]

        def told() -> list[str]:
            return [json.dumps(over.by("sue").get(f"{START}s/{each}/events").body) for each in ids]

        assert all('"reason": "Jill' in each for each in told())
        ask(over, "erase", **JILL)
        over.centre.consume()  # the whole stream comes again
        assert not any("Jill" in each for each in told())
        store = over.centre.world.store
        kept = [store.archived(ids[0]), store.archived(ids[1]), store.engagement(ids[1])]
        assert "Jill" not in repr(kept)
        assert reconciling.works(over.centre.world, "", 0, 1)[0].broken == {}, "its chain holds"

    def test_open_work_keeps_what_it_needs_and_is_named(self, over: Api) -> None:
        done, working = closed(over, "CASE-1"), accepted(over, "CASE-2")
        answer = ask(over, "erase", **JILL).body
        assert answer == {"erased": [done], "still_open": [working], "more": False}
        assert read(over, working).body["consumers"] != []
        act(over, "ana", working, "end")
        assert ask(over, "erase", **JILL).body == {"erased": [working], "still_open": [], "more": False}

    def test_only_an_admin_may_and_says_exactly_who(self, api: Api) -> None:
        for who in ("sue", "ana", "crm"):
            assert api.by(who).post(f"{CONSUMERS}/erase", JILL).status == 403
            assert api.by(who).post(f"{CONSUMERS}/export", JILL).status == 403
        for body in ({}, {**JILL, "consumer_email": "jill@example.com"}):
            assert ask(api, "erase", **body).status == 400
