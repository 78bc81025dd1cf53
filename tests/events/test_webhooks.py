"""Webhooks as a receiver meets them: every version once, signed, in sequence, retried for a day, replayed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from moto import mock_aws
from standardwebhooks.webhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from chalicelib.engagements.states import TRANSITIONS
from chalicelib.errors import InvalidRequest
from chalicelib.events.catalogue import NAMES, PREFIX, TYPES, PublicEvent
from chalicelib.events.retries import WAITS, wait_after
from chalicelib.messaging.eventbridge import EventBus, cloud_event
from chalicelib.messaging.poster import MOST_FETCHED, HttpPoster, is_public
from chalicelib.messaging.protocol import Delivery, PostFailed
from chalicelib.operations import amending, delivering, desk, sessions
from chalicelib.operations.ordering import Order
from tests.http.test_desk import START, accepted, started
from tests.support.api import Api, zoom_body
from tests.support.poster import out_of_order
from tests.support.worlds import NOW, TENANT, Centre, MemoryCentre

HOOK = {"webhook_id": "crm", "url": "https://crm.example.com/hook"}
HOOKS = "/v2/contact_center/webhooks"


def hooked(centre: Centre, **changes: Any) -> Centre:
    centre.configure({**TENANT, "webhooks": [{**HOOK, **changes}]})
    centre.clock.pass_seconds(5)
    return centre


def a_life(centre: Centre) -> str:
    """Started, offered, accepted, closed."""
    work = centre.start()
    centre.ready("ana")
    centre.settle()
    centre.accept(work)
    centre.end(work)
    centre.settle()
    return work


def objects(centre: Centre) -> list[dict[str, Any]]:
    """What events tell, in the order of their subject."""
    return sorted((each["payload"]["object"] for each in sent(centre)), key=lambda told: int(told["sequence"]))


def sent(centre: Centre) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in centre.posts.sent]


class TestEvents:
    def test_i13_every_version_is_one_event_with_an_id_of_its_own(self, centre: MemoryCentre) -> None:
        hooked(centre)
        work = a_life(centre)
        centre.consume()  # the stream delivers everything again
        centre.deliver()
        mine = [each for each in sent(centre) if each["payload"]["object"].get("engagement_id") == work]
        by_id = {each["event_id"]: each for each in mine}
        in_order = sorted(by_id.values(), key=lambda each: each["payload"]["object"]["sequence"])
        assert [each["event"].removeprefix(PREFIX) for each in in_order] == [
            "engagement_started",
            "task_reservation_created",
            "engagement_user_answered",
            "engagement_ended",
        ]
        assert list(by_id) == [f"{work}.{n}" for n in range(1, 5)]
        assert [each["payload"]["object"]["sequence"] for each in in_order] == [1, 2, 3, 4]
        assert in_order[-1]["payload"]["object"]["end_reason"] == "completed"

    def test_every_command_has_a_name(self) -> None:
        assert set(NAMES) == set(TRANSITIONS) - {"flag"} | {"start"}
        assert all(name.startswith(PREFIX) for name in TYPES)

    def test_no_event_says_what_the_work_or_the_consumer_says(self, api: Api) -> None:
        hooked(api.centre)
        engagement_id = accepted(api)
        reason = {"engagement_action": "end", "disposition": "CANARY-DISPOSITION"}
        api.by("ana").patch(f"/v2/contact_center/engagements/{engagement_id}", reason)
        api.centre.settle()
        api.centre.deliver()
        told = json.dumps(sent(api.centre))
        assert engagement_id in told
        for private in ("Jill", "jill@example.com", "+1234561212", "It does not work", "A case", "CANARY"):
            assert private not in told

    def test_an_agents_status_is_told_and_his_work_does_not_count_as_one(self, centre: MemoryCentre) -> None:
        hooked(centre, events=[f"{PREFIX}user_status_changed"])
        a_life(centre)
        centre.deliver()
        assert {each["event"] for each in sent(centre)} == {f"{PREFIX}user_status_changed"}
        told = {each["event_id"]: each["payload"]["object"] for each in sent(centre)}
        assert len(told) == 1
        (status,) = told.values()
        assert (status["previous_status"], status["current_status"]) == ("offline", "ready")

    @pytest.mark.parametrize(("reasons", "told"), [([], None), ([{"sub_status_id": "lunch"}], "lunch")])
    def test_a_reason_that_is_none_of_the_configurations_is_not_told(
        self, any_centre: Centre, reasons: list[dict[str, str]], told: str | None
    ) -> None:
        any_centre.configure({**TENANT, "webhooks": [HOOK], "reasons": reasons})
        any_centre.clock.pass_seconds(5)
        any_centre.ready("ana")
        any_centre.clock.pass_seconds(60)
        given = "lunch" if reasons else "lunch with Jane Roe, +1 555 0100"
        sessions.set_status(any_centre.world, "ana", "not_ready", given, "agent:ana")
        assert any_centre.occupancy("ana").sub_status == given, "supervisors see it"
        any_centre.clock.pass_seconds(60)
        any_centre.ready("ana")
        any_centre.consume()
        any_centre.deliver()
        ids = [(each["previous_sub_status_id"], each["current_sub_status_id"]) for each in objects(any_centre)]
        assert ids[1:] == [(None, told), (told, None)]
        facts = any_centre.world.store.facts("agent_status_history", NOW, any_centre.clock.at + 1)
        assert [fact.labels.get("sub_status_id") for fact in facts] == [None, told]
        assert [fact.labels.get("next_sub_status_id") for fact in facts] == [told, None]

    def test_who_takes_part_is_told_beside_whose_work_it_is(self, api: Api) -> None:
        hooked(api.centre)
        engagement_id = accepted(api)
        for mode in ("barge", "leave"):
            api.by("sue").post(f"{START}s/{engagement_id}/monitor", {"mode": mode})
        api.centre.settle()
        api.centre.deliver()
        told = {each["event"].removeprefix(PREFIX): each["payload"]["object"] for each in sent(api.centre)}
        for name in ("engagement_monitor_started", "engagement_monitor_ended"):
            assert (told[name]["user_id"], told[name]["participant_user_id"]) == ("ana", "sue")
            assert told[name]["mode"] == "barge"

    def test_a_rejected_duplicate_is_told(self, api: Api) -> None:
        hooked(api.centre, events=[f"{PREFIX}engagement_duplicate_rejected"])
        engagement_id = started(api)
        assert api.by("crm").post(START, zoom_body()).status == 409
        api.centre.deliver()
        assert sent(api.centre)[0]["payload"]["object"]["existing_engagement_id"] == engagement_id

    def test_overflow_priority_and_breach_have_names_of_their_own(self, centre: MemoryCentre) -> None:
        document = {**TENANT, "webhooks": [HOOK]}
        first, *rest = TENANT["queues"]
        level = {"service_level": {"threshold": 10}, "max_wait_time": 30, "overflow": {"end": True}}
        centre.configure({**document, "queues": [{**first, **level}, *rest]})
        centre.clock.pass_seconds(5)
        work = centre.start()
        centre.settle()
        amending.update(centre.world, Order(work, "integration:crm"), amending.Amendment(priority=7))
        for _ in range(8):
            centre.clock.pass_seconds(5)
            centre.settle()
        centre.deliver()
        names = [each["event"].removeprefix(f"{PREFIX}engagement_") for each in sent(centre)]
        assert list(dict.fromkeys(names)) == [
            "started",
            "priority_changed",
            "service_level_at_risk",
            "service_level_breached",
            "ended",
        ]


def zoom_receiver(secret: str) -> Any:
    """Written from Zoom's documentation: check `v0:{timestamp}:{body}`, answer the validation event."""

    def receive(headers: Mapping[str, str], body: bytes) -> bytes:
        message = f"v0:{headers['x-zm-request-timestamp']}:{body.decode()}"
        digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v0={digest}", headers["x-zm-signature"]):
            raise PostFailed("It answered 401.")
        event = json.loads(body)
        if event["event"] != "endpoint.url_validation":
            return b""
        plain = event["payload"]["plainToken"]
        encrypted = hmac.new(secret.encode(), plain.encode(), hashlib.sha256).hexdigest()
        return json.dumps({"plainToken": plain, "encryptedToken": encrypted}).encode()

    return receive


class TestSignatures:
    def test_the_standard_library_verifies_a_delivery_and_refuses_a_forged_one(self, any_centre: Centre) -> None:
        hooked(any_centre)
        any_centre.clock.at = int(time.time() * 1000)  # the library compares with the clock of the machine
        any_centre.start()
        any_centre.consume()
        any_centre.deliver()
        _, headers, body = any_centre.posts.sent[0]
        receiver = StandardWebhook(delivering.secret_of(any_centre.world, "crm"))
        said = receiver.verify(body, dict(headers))
        assert said["event"] == f"{PREFIX}engagement_started"
        with pytest.raises(WebhookVerificationError):
            receiver.verify(body.replace(b"started", b"stopped"), dict(headers))

    def test_a_receiver_written_for_zoom_verifies_and_shakes_hands(self, centre: MemoryCentre) -> None:
        hooked(centre, signature="zoom")
        centre.posts.receiver = zoom_receiver(delivering.secret_of(centre.world, "crm"))
        delivering.verify(centre.world, "crm")
        a_life(centre)
        centre.deliver()
        attempts = centre.store.attempts("crm", 0, NOW * 2, 100)
        assert attempts
        assert all(each.problem is None for each in attempts)

    def test_a_receiver_with_another_secret_fails_the_handshake(self, api: Api) -> None:
        hooked(api.centre, signature="zoom")
        api.centre.posts.receiver = zoom_receiver("another")
        reply = api.by("adm").post(f"{HOOKS}/crm/verify")
        assert (reply.status, "401" in reply.body["detail"]) == (400, True)

    def test_a_receiver_whose_answer_is_too_deep_to_read_fails_it_too(self, centre: MemoryCentre) -> None:
        hooked(centre).posts.receiver = lambda *_: b"[" * 16_000
        with pytest.raises(InvalidRequest, match="did not answer the handshake"):
            delivering.verify(centre.world, "crm")


class TestRetries:
    def test_a_webhook_that_the_deliverer_has_not_heard_of_is_not_taken_for_one_that_is_gone(
        self, centre: MemoryCentre
    ) -> None:
        centre.world.tenant()
        centre.configure({**TENANT, "webhooks": [HOOK]})
        delivery = Delivery("crm", "e.1", f"{PREFIX}engagement_started", "{}")
        delivering.deliver(centre.world, delivery)
        assert [headers["webhook-id"] for _, headers, _ in centre.posts.sent] == ["e.1"]
        centre.configure(TENANT)
        centre.clock.pass_seconds(5)
        delivering.deliver(centre.world, delivery)
        assert len(centre.posts.sent) == 1, "nobody wants it any more"

    def test_a_receiver_that_is_down_is_tried_for_a_day_and_then_the_delivery_is_buried(
        self, centre: MemoryCentre
    ) -> None:
        hooked(centre, events=[f"{PREFIX}engagement_started"])
        centre.posts.receiver = out_of_order
        centre.start()
        centre.consume()
        first = centre.clock()
        for _ in range(2000):
            centre.deliver()
            centre.clock.pass_seconds(60)
        attempts = centre.store.attempts("crm", 0, NOW * 2, 100)
        assert [each.number for each in attempts] == list(range(1, len(WAITS) + 2))
        assert 20 * 3600 < (attempts[-1].at - first) / 1000 < 26 * 3600
        assert [each.attempt for each in centre.transport.buried] == [len(WAITS) + 1]

    def test_waits_grow(self) -> None:
        waits = [wait_after(n) for n in range(1, len(WAITS) + 1)]
        assert waits == sorted(waits, key=lambda wait: wait or 0)
        assert wait_after(len(WAITS) + 1) is None

    def test_a_receiver_that_recovers_gets_everything_and_the_list_says_how(self, api: Api) -> None:
        centre = hooked(api.centre)
        centre.posts.receiver = out_of_order
        work = centre.start()
        centre.consume()
        centre.deliver()
        centre.posts.receiver = None
        centre.clock.pass_seconds(6)
        centre.deliver()
        listed = api.by("sue").get(f"{HOOKS}/crm/deliveries").body["deliveries"]
        assert [(each["event_id"], each["attempt"], each["delivered"]) for each in listed] == [
            (f"{work}.1", 1, False),
            (f"{work}.1", 2, True),
        ]
        assert listed[0]["problem"] == "It answered 503."

    def test_what_has_happened_can_be_sent_again_under_the_same_ids(self, api: Api) -> None:
        centre = hooked(api.centre)
        a_life(centre)
        centre.deliver()
        before = {each["event_id"] for each in sent(centre)}
        centre.posts.sent.clear()
        reply = api.by("adm").post(f"{HOOKS}/crm/replay", {"from": "2025-11-23T00:00:00Z"})
        assert (reply.status, reply.body) == (202, {"deliveries": len(before), "next_from": None})
        centre.deliver()
        assert {each["event_id"] for each in sent(centre)} == before

    def test_a_long_time_is_sent_again_in_turns(self, any_centre: Centre) -> None:
        centre = hooked(any_centre)
        works = [centre.start(f"CASE-{n}") for n in range(5)]
        for _ in works:
            centre.clock.pass_seconds(1)
        centre.consume()
        later = [centre.start(f"LATE-{n}") for n in range(3)]
        centre.consume()
        first, onward = delivering.replay(centre.world, "crm", NOW, NOW * 2, most=5)
        assert (first, onward) == (5, centre.clock())
        assert delivering.replay(centre.world, "crm", onward or 0, NOW * 2, most=5) == (3, None)
        assert len(later) == 3

    def test_a_call_goes_through_a_month_and_never_beyond_now(self, any_centre: Centre) -> None:
        centre = hooked(any_centre)
        centre.start()
        centre.consume()
        now, month, turns = centre.clock(), delivering.MOST_DAYS * delivering.DAY_MS, []
        onward: int | None = now - 2 * month
        while onward is not None:
            sent_again, onward = delivering.replay(centre.world, "crm", onward, now * 1000)
            turns.append(sent_again)
        assert turns == [0, 0, 1]

    def test_of_what_is_yet_to_come_nothing_is_asked(
        self, centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The table would take no such question."""
        hooked(centre)
        monkeypatch.setattr(centre.store, "events", None)
        for start in (later := centre.clock() + 60_000, later + delivering.DAY_MS):
            assert delivering.replay(centre.world, "crm", start, start + 60_000) == (0, None)

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "secret", 200), ("GET", "deliveries", 200), ("POST", "verify", 400), ("POST", "replay", 202)],
    )
    def test_one_that_was_made_just_now_is_there(self, api: Api, method: str, path: str, status: int) -> None:
        """Also where another process has made it."""
        api.centre.world.tenant()
        api.centre.configure({**TENANT, "webhooks": [HOOK]})
        body = {"from": "2025-11-23T00:00:00Z"} if path == "replay" else None
        assert api.by("adm").call(method, f"{HOOKS}/crm/{path}", body).status == status

    def test_only_an_admin_sees_a_secret(self, api: Api) -> None:
        hooked(api.centre)
        secret = api.by("adm").get(f"{HOOKS}/crm/secret").body["secret"]
        assert secret.startswith("whsec_")
        assert api.by("adm").get(f"{HOOKS}/crm/secret").body["secret"] == secret
        assert api.by("sue").get(f"{HOOKS}/crm/secret").status == 403
        assert secret not in json.dumps(api.by("sue").get(HOOKS).body)
        assert api.by("adm").get(f"{HOOKS}/other/secret").status == 404


PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "0.0.0.1"]
PRIVATE_IN_IPV6 = ["64:ff9b::169.254.169.254", "64:ff9b:1::10.1.2.3", "::127.0.0.1", "::ffff:0:10.1.2.3", "2002:a01::"]


class Slow(BaseHTTPRequestHandler):
    """A receiver that answers by its path: at once, elsewhere, or too late."""

    server: Receiver

    def do_GET(self) -> None:
        size = MOST_FETCHED + (self.path == "/large")
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    def do_POST(self) -> None:
        if self.path == "/slow":
            self.server.closing.wait(20)
        if self.path == "/drip":
            self.drip()
            return
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def drip(self) -> None:
        """A byte at a time, each in time."""
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
            self.wfile.write(bytes([byte]))
            if self.server.closing.wait(0.03):
                return

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class Receiver(HTTPServer):
    """`closing`: nobody waits for its answers any more."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Slow)
        self.closing = threading.Event()


@contextmanager
def a_server() -> Iterator[str]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.closing.set()
        server.shutdown()


class TestTargets:
    @pytest.mark.parametrize("address", [*PRIVATE, *PRIVATE_IN_IPV6])
    def test_no_private_address_is_posted_to_whatever_its_name(self, address: str) -> None:
        assert not is_public(address)
        poster = HttpPoster(resolve=lambda *_: ["93.184.216.34", address])
        with pytest.raises(PostFailed, match="not public"):
            poster.post("https://innocent.example.com/", {}, b"")

    @pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::93.184.216.34"])
    def test_a_public_one_is_also_where_it_is_translated(self, address: str) -> None:
        assert is_public(address)

    @pytest.mark.parametrize("url", ["http://example.com/", "ftp://example.com/", "https:///x"])
    def test_only_https_is_posted_to(self, url: str) -> None:
        with pytest.raises(PostFailed, match="no https"):
            HttpPoster().post(url, {}, b"")

    def test_a_name_that_leads_nowhere_is_a_problem_like_any_other(self) -> None:
        def nowhere(host: str, port: int) -> list[str]:
            raise OSError

        with pytest.raises(PostFailed, match="leads nowhere"):
            HttpPoster(resolve=nowhere).post("https://example.com/", {}, b"")

    @pytest.mark.parametrize("url", [f"https://{'a' * 64}.example.com/", "https://example.com:99999/", "https://[::1/"])
    def test_an_address_that_cannot_be_is_a_problem_like_any_other(self, url: str) -> None:
        with pytest.raises(PostFailed):
            HttpPoster().post(url, {}, b"")

    def test_redirects_are_not_followed_and_slow_receivers_are_cut(self) -> None:
        poster = HttpPoster(allowed=lambda _: True, schemes=("http",), resolve=lambda *_: ["127.0.0.1"])
        with a_server() as url:
            assert poster.post(f"{url}/", {}, b"{}") == b"ok"
            with pytest.raises(PostFailed, match="302"):
                poster.post(f"{url}/moved", {}, b"{}")
            began = time.monotonic()
            with pytest.raises(PostFailed, match="within 3 s"):
                poster.post(f"{url}/slow", {}, b"{}")
            assert time.monotonic() - began < 10  # of the 20 that the receiver needs

    def test_a_document_is_fetched_whole_or_not_at_all_and_from_there_alone(self) -> None:
        poster = HttpPoster(allowed=lambda _: True, schemes=("http",), resolve=lambda *_: ["127.0.0.1"])
        with a_server() as url:
            assert poster.fetch(f"{url}/") == b"x" * MOST_FETCHED
            for path, problem in (("/large", "more than"), ("/moved", "302")):
                with pytest.raises(PostFailed, match=problem):
                    poster.fetch(f"{url}{path}")
        with pytest.raises(PostFailed, match="not public"):
            HttpPoster(resolve=lambda *_: ["169.254.169.254"]).fetch("https://innocent.example.com/")

    def test_who_answers_a_byte_at_a_time_is_cut_as_well(self) -> None:
        poster = HttpPoster(allowed=lambda _: True, schemes=("http",), resolve=lambda *_: ["127.0.0.1"])
        with a_server() as url:
            assert poster.post(f"{url}/drip", {}, b"{}", 10) == b"ok"
            began = time.monotonic()
            with pytest.raises(PostFailed, match=r"within 0\.2 s"):
                poster.post(f"{url}/drip", {}, b"{}", 0.2)
            assert time.monotonic() - began < 1  # of the 1.2 that it drips


class TestBus:
    EVENT = PublicEvent("e.1", f"{PREFIX}engagement_started", NOW, "e", 1, {"engagement_id": "e"})

    def test_an_event_is_a_cloud_event(self) -> None:
        assert cloud_event(self.EVENT, "acme") == {
            "specversion": "1.0",
            "id": "e.1",
            "source": "urn:interleave:acme",
            "type": f"{PREFIX}engagement_started",
            "subject": "e",
            "time": "2025-11-23T17:46:40Z",
            "datacontenttype": "application/json",
            "sequence": "00000001",
            "data": {"engagement_id": "e"},
        }

    def test_a_bus_takes_many(self) -> None:
        with mock_aws():
            client = boto3.client("events", region_name="us-east-1")
            client.create_event_bus(Name="acme")
            calls: list[int] = []
            note = "provide-client-params.events.PutEvents"
            client.meta.events.register(note, lambda params, **_: calls.append(len(params["Entries"])))
            EventBus(client, "acme").publish([self.EVENT] * 25, "acme")
        assert (sum(calls), max(calls)) == (25, 10)

    def test_what_a_bus_refuses_is_not_forgotten(self) -> None:
        class Refusing:
            def put_events(self, **_: Any) -> dict[str, int]:
                return {"FailedEntryCount": 1}

        with pytest.raises(ConnectionError):
            EventBus(Refusing(), "acme").publish([self.EVENT], "acme")  # type: ignore[arg-type]


def test_webhooks_that_cannot_be_are_refused_by_place(api: Api) -> None:
    wrong = {
        "https://127.0.0.1/x": "/webhooks/0/url",
        "https://metadata.internal/": "/webhooks/0/url",
        "http://crm.example.com/": "/webhooks/0/url",
        "https://user@crm.example.com/": "/webhooks/0/url",
    }
    for url, pointer in wrong.items():
        document = {**TENANT, "webhooks": [{**HOOK, "url": url}]}
        reply = api.by("adm").call("PUT", "/v2/contact_center/configuration", document)
        assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, pointer), url
    document = {**TENANT, "webhooks": [{**HOOK, "events": ["contact_center.surprise"]}]}
    reply = api.by("adm").call("PUT", "/v2/contact_center/configuration", document)
    assert reply.body["errors"][0]["pointer"] == "/webhooks/0/events/0"


def test_a_declined_offer_is_told_without_the_agents_words(centre: MemoryCentre) -> None:
    hooked(centre, events=[f"{PREFIX}task_reservation_rejected"])
    work = centre.start()
    centre.ready("ana")
    centre.settle()
    offer = centre.read(work).offer
    assert offer is not None
    desk.decline(centre.world, Order(work, "agent:ana", "ana"), offer.offer_id, "Mr Smith is rude")
    centre.consume()
    centre.deliver()
    assert "Smith" not in json.dumps(sent(centre))
    assert sent(centre)[0]["payload"]["object"]["user_id"] == "ana"
