"""A hundred documents that are wrong: each is refused with the place and the remedy."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from chalicelib.configuration.document import read
from chalicelib.errors import InvalidRequest
from tests.support.worlds import TENANT

PHONE = {
    "flow_id": "phone",
    "flow_name": "Phone",
    "channel": "voice",
    "entry_points": [{"entry_id": "entry-phone", "entry_name": "Phone"}],
    "versions": [{"flow_version": 1, "status": "published", "steps": [{"set": {"queue_id": "calls"}}]}],
}
GOOD: dict[str, Any] = {
    **TENANT,
    "queues": [*TENANT["queues"], {"queue_id": "calls", "queue_name": "Calls", "channel": "voice"}],
    "flows": [*TENANT["flows"], PHONE],
    "teams": [{"team_id": "day", "queues": ["billing"]}, {"team_id": "night", "parent_team_id": "day"}],
    "skill_categories": [
        {"skill_category_id": "languages", "skills": ["french", "german"]},
        {"skill_category_id": "products", "skills": ["tv"]},
    ],
    "agent_routing_profiles": [
        {"agent_routing_profile_id": "p", "time_steps": [10, -1], "priorities": [{"skill_category_id": "languages"}]}
    ],
    "consumer_routing_profiles": [
        {"consumer_routing_profile_id": "c", "top_priorities": [{"attribute_type": "skills", "ids": ["french"]}]}
    ],
    "occupancy_profiles": [{"occupancy_profile_id": "o", "capacity": {"work_item": 2}}],
    "business_hours": [{"business_hours_id": "h", "weekly": {"monday": [{"start": "08:00", "end": "17:00"}]}}],
    "closure_sets": [{"closure_set_id": "feasts", "closures": [{"first": "2026-12-25", "last": "2026-12-26"}]}],
    "reasons": [{"sub_status_id": "lunch"}],
    "variable_groups": [{"variable_group_id": "t", "variable_group_name": "ticket"}],
    "variables": [{"variable_id": "level", "variable_name": "level", "variable_group_id": "t", "data_type": "number"}],
    "dispositions": [{"disposition_id": "done", "disposition_name": "Solved"}],
    "disposition_sets": [{"disposition_set_id": "usual", "dispositions": ["done"]}],
    "webhooks": [{"webhook_id": "crm", "url": "https://crm.example.com/hook"}],
}
Q, A, T = "queues/0", "agents/0", "teams/0"
P, C, U, H = "agent_routing_profiles/0", "consumer_routing_profiles/0", "occupancy_profiles/0", "business_hours/0"
V, W = "variables/0", "webhooks/0"
SKILLED = {"skill_category_id": "languages"}
SYSTEM = {"system_id": "crm", "url": "https://crm.example.com"}
PORT = "https://crm.example.com:99999"
PROVIDER = {"issuer": "https://login.example.com", "audience": "interleave"}
SIGN_IN = "https://login.example.com/oauth"
CONSOLE = {"client_id": "console", "authorization_url": SIGN_IN, "token_url": SIGN_IN}
S, F = "flows/0/versions/0/steps", "flows/2/versions/0/steps"
CALLS = "queues/3"
IS_VIP = {"field": "vip", "op": "exists"}


def chosen(when: Any, **route: Any) -> dict[str, Any]:
    general = {"queue_id": "general"}
    return {"choose": [{"when": when, "route": route or general}], "otherwise": general}


BAD: list[tuple[str, Any, str, str]] = [
    # Path of what is put there, the value, and of the error: where it stands and what it says.
    # Unknown fields
    ("colour", "red", "/colour", "There is no field 'colour'"),
    ("queus", [], "/queus", "did you mean 'queues'?"),
    ("moved_queue", {}, "/moved_queue", "did you mean 'moved_queues'?"),
    (f"{Q}/wrap_up_tim", 3, f"/{Q}/wrap_up_tim", "did you mean 'wrap_up_time'?"),
    (f"{Q}/description", "x", f"/{Q}/description", "'queue_description'?"),
    (f"{Q}/service_level", {"treshold": 3}, f"/{Q}/service_level/treshold", "did you mean 'threshold'?"),
    (f"{Q}/transfer", {"queue": "all"}, f"/{Q}/transfer/queue", "did you mean 'queues'?"),
    (f"{Q}/overflow", {"queue": "general"}, f"/{Q}/overflow/queue", "did you mean 'queue_id'?"),
    (f"{A}/queue", ["billing"], f"/{A}/queue", "did you mean 'queues'?"),
    (f"{A}/skils", {}, f"/{A}/skils", "did you mean 'skills'?"),
    (f"{T}/agents", [], f"/{T}/agents", "There is no field 'agents'"),
    (f"{P}/priority", [], f"/{P}/priority", "did you mean 'priorities'?"),
    (f"{P}/priorities/0/level", 2, f"/{P}/priorities/0/level", "There is no field 'level'"),
    (f"{C}/ageing", 2, f"/{C}/ageing", "did you mean 'ageing_rate'?"),
    (f"{U}/most_offer", 2, f"/{U}/most_offer", "did you mean 'most_offers'?"),
    (f"{H}/time_zone", "UTC", f"/{H}/time_zone", "did you mean 'timezone'?"),
    (f"{V}/type", "number", f"/{V}/type", "'data_type'?"),
    (f"{W}/secret", "x", f"/{W}/secret", "There is no field 'secret'"),
    # What is missing
    (f"{Q}", {"queue_id": "billing"}, f"/{Q}/queue_name", "This field is missing; add it."),
    (f"{Q}", {"queue_name": "Billing"}, f"/{Q}/queue_id", "This field is missing; add it."),
    (f"{A}", {"user_id": "ana"}, f"/{A}/display_name", "This field is missing; add it."),
    (f"{U}", {"occupancy_profile_id": "o"}, f"/{U}/capacity", "This field is missing; add it."),
    (f"{P}/priorities/0", {}, f"/{P}/priorities/0/skill_category_id", "This field is missing; add it."),
    (f"{V}", {"variable_id": "level"}, f"/{V}/variable_group_id", "This field is missing; add it."),
    ("dispositions/0", {"disposition_id": "done"}, "/dispositions/0/disposition_name", "add it."),
    # Wrong types, and what is out of bounds
    ("queues", {}, "/queues", "a list"),
    (f"{Q}", "billing", f"/{Q}", "an object"),
    (f"{Q}/queue_id", "a queue!", f"/{Q}/queue_id", "letters, digits, _ and -"),
    (f"{Q}/queue_id", "x" * 41, f"/{Q}/queue_id", "letters, digits, _ and -"),
    (f"{Q}/queue_name", "x" * 151, f"/{Q}/queue_name", "at most 150"),
    (f"{Q}/offer_timeout", 901, f"/{Q}/offer_timeout", "less than or equal to 900"),
    (f"{Q}/offer_timeout", 0, f"/{Q}/offer_timeout", "greater than or equal to 1"),
    (f"{Q}/wrap_up_time", "long", f"/{Q}/wrap_up_time", "integer"),
    (f"{Q}/wrap_up_time", 301, f"/{Q}/wrap_up_time", "less than or equal to 300"),
    (f"{Q}/distribution", "fair", f"/{Q}/distribution", "'longest_idle'"),
    (f"{Q}/short_abandon", 256, f"/{Q}/short_abandon", "less than or equal to 255"),
    (f"{Q}/service_level", {"target_percentage": 101}, f"/{Q}/service_level/target_percentage", "equal to 100"),
    (f"{Q}/when_closed", "hide", f"/{Q}/when_closed", "'wait' or 'overflow'"),
    (
        f"{Q}/launch_urls",
        [{"launch_trigger": "ringing", "launch_url": "http://x"}],
        f"/{Q}/launch_urls/0",
        "begins with https://",
    ),
    (f"{Q}/launch_urls", [{"launch_trigger": "bell", "launch_url": "https://x"}], f"/{Q}/launch_urls/0", "'ringing'"),
    (f"{A}/skills", {"french": 6}, f"/{A}/skills/french", "less than or equal to 5"),
    (f"{A}/skills", ["french"], f"/{A}/skills", "an object"),
    (f"{A}/capacity", {"work_item": -1}, f"/{A}/capacity/work_item", "greater than or equal to 0"),
    (f"{A}/queues", "billing", f"/{A}/queues", "a list"),
    (f"{P}/priorities/0/minimum_proficiency_level", 0, f"/{P}/priorities/0", "greater than or equal to 1"),
    (f"{C}/order", "luck", f"/{C}/order", "'age'"),
    (f"{C}/top_priorities/0/attribute_type", "mood", f"/{C}/top_priorities/0", "'skills'"),
    (f"{V}/data_type", "text", f"/{V}/data_type", "'string'"),
    (f"{V}/variable_name", "a.b", f"/{V}/variable_name", "letters, digits, spaces"),
    ("heartbeat_timeout", 5, "/heartbeat_timeout", "greater than or equal to 30"),
    (
        "closure_sets/0/holidays",
        {"country": "France", "years": [2026]},
        "/closure_sets/0/holidays/country",
        "such as FR",
    ),
    # Impossible hours
    (f"{H}/weekly", {"monday": [{"start": "17:00", "end": "08:00"}]}, f"/{H}/weekly/monday/0", "cut in two"),
    (f"{H}/weekly", {"monday": [{"start": "08:00", "end": "08:00"}]}, f"/{H}/weekly/monday/0", "ends after it starts"),
    (f"{H}/weekly", {"monday": [{"start": "25:00", "end": "26:00"}]}, f"/{H}/weekly/monday/0/start", "hour"),
    (f"{H}/weekly", {"monday": [{"start": "08:00Z", "end": "17:00"}]}, f"/{H}/weekly/monday/0", "without a zone"),
    (f"{H}/weekly", {"monday": [{"start": "08:00Z", "end": "17:00Z"}]}, f"/{H}/weekly/monday/0", "without a zone"),
    (f"{Q}/channel", "vioce", f"/{Q}/channel", "did you mean 'voice'?"),
    ("flows/0/channel", "work-item", "/flows/0/channel", "did you mean 'work_item'?"),
    (f"{A}/capacity", {"chat": 3}, f"/{A}/capacity/chat", "There is no channel 'chat'"),
    (f"{U}/capacity", {"mail": 3}, f"/{U}/capacity/mail", "did you mean 'email'?"),
    (f"{U}/closings", [{"when": [{"channel": "vioce"}]}], f"/{U}/closings/0/when/0/channel", "did you mean 'voice'?"),
    (f"{U}/closings", [{"when": [], "to": ["vioce"]}], f"/{U}/closings/0/to/0", "did you mean 'voice'?"),
    (f"{U}/parks", {"voice": "work_itm"}, f"/{U}/parks/voice", "did you mean 'work_item'?"),
    (f"{U}/costs", {"vioce": []}, f"/{U}/costs/vioce", "did you mean 'voice'?"),
    (f"{U}/costs", {"work_item": [["capacity", 1]]}, f"/{U}/costs/work_item/0/0", "There is no pool of units"),
    (f"{P}/time_steps", [10**12, -1], f"/{P}/time_steps", "at most a year"),
    (f"{Q}/max_wait_time", 10**400, f"/{Q}/max_wait_time", "at most a year"),
    (f"{Q}/transfer", {"return_after": 10**400}, f"/{Q}/transfer/return_after", "at most a year"),
    (f"{Q}/service_level", {"threshold": 10**400}, f"/{Q}/service_level/threshold", "at most a year"),
    (f"{Q}/service_level", {"due_date_warning": 10**9}, f"/{Q}/service_level/due_date_warning", "at most a year"),
    (f"{C}/handling_time", -(10**400), f"/{C}/handling_time", "at most a year"),
    (f"{C}/service_level_threshold", 10**400, f"/{C}/service_level_threshold", "at most a year"),
    (
        f"{C}/top_priorities",
        [{"attribute_type": "entrance_to_queue", "enter_queue_start_time": "08:00+02:00"}],
        f"/{C}",
        "without a zone",
    ),
    (f"{H}/weekly", {"monday": [{"start": 9, "end": "17:00"}]}, f"/{H}/weekly/monday/0", "such as 17:00"),
    (f"{H}/weekly", {"caturday": []}, f"/{H}/weekly/caturday", "'monday'"),
    (f"{H}/closures", [{"first": "2026-12-26", "last": "2026-12-25"}], f"/{H}/closures/0", "swap them"),
    (f"{H}/closures", [{"first": "2026-02-30", "last": "2026-03-01"}], f"/{H}/closures/0/first", "day"),
    (f"{H}/timezone", "Moon/Sea", f"/{H}/timezone", "use a name such as Europe/Paris"),
    (f"{H}/timezone", "Europe", f"/{H}/timezone", "use a name such as Europe/Paris"),
    (f"{C}/top_priorities/0/timezone", "Paris", f"/{C}", "use a name such as Europe/Paris"),
    ("closure_sets/0/closures", [{"first": "2026-12-26", "last": "2026-12-25"}], "/closure_sets/0/closures/0", "swap"),
    (
        "closure_sets/0/holidays",
        {"country": "FR", "years": [2026]},
        "/closure_sets/0/holidays",
        "a file is applied",
    ),
    # Wrong references
    (f"{A}/queues/0", "biling", f"/{A}/queues/0", "There is no queue 'biling'; did you mean 'billing'?"),
    (f"{A}/queues/0", "Billing", f"/{A}/queues/0", "did you mean 'billing'?"),
    (f"{A}/occupancy_profile_id", "x", f"/{A}/occupancy_profile_id", "there are o."),
    (f"{A}/team_id", "nigth", f"/{A}/team_id", "did you mean 'night'?"),
    (f"{A}/shift_hours_id", "x", f"/{A}/shift_hours_id", "There is no business hours 'x'"),
    (f"{T}/queues/0", "generl", f"/{T}/queues/0", "did you mean 'general'?"),
    (f"{T}/parent_team_id", "evening", f"/{T}/parent_team_id", "There is no team 'evening'"),
    (f"{Q}/agent_routing_profile_id", "q", f"/{Q}/agent_routing_profile_id", "there are p."),
    (f"{Q}/consumer_routing_profile_id", "q", f"/{Q}/consumer_routing_profile_id", "there are c."),
    (f"{Q}/business_hours_id", "q", f"/{Q}/business_hours_id", "there are h."),
    (f"{Q}/agent_groups", [{"group_id": "x"}], f"/{Q}/agent_groups/0/group_id", "add one"),
    (f"{Q}/transfer", {"queues": ["genral"]}, f"/{Q}/transfer/queues/0", "did you mean 'general'?"),
    (f"{Q}/transfer", {"users": ["bne"]}, f"/{Q}/transfer/users/0", "did you mean 'ben'?"),
    (f"{Q}/transfer", {"flows": ["entry-ticket"]}, f"/{Q}/transfer/flows/0", "did you mean 'entry-tickets'?"),
    (f"{Q}/orphans", {"queue_id": "expres"}, f"/{Q}/orphans/queue_id", "did you mean 'express'?"),
    (f"{Q}/overflow", {"queue_id": "genral"}, f"/{Q}/overflow/queue_id", "did you mean 'general'?"),
    (f"{Q}/overflow", {"flow_entry_id": "entry"}, f"/{Q}/overflow/flow_entry_id", "There is no Entry ID 'entry'"),
    (f"{Q}/dispositions", {"dispositions": ["dona"]}, f"/{Q}/dispositions/dispositions/0", "did you mean 'done'?"),
    (f"{Q}/dispositions", {"disposition_sets": ["x"]}, f"/{Q}/dispositions/disposition_sets/0", "there are usual."),
    (
        f"{Q}/dispositions",
        {"default_disposition_id": "x"},
        f"/{Q}/dispositions/default_disposition_id",
        "are done",
    ),
    ("disposition_sets/0/dispositions/0", "dne", "/disposition_sets/0/dispositions/0", "did you mean 'done'?"),
    (f"{P}/priorities/0/skill_category_id", "language", f"/{P}/priorities/0", "did you mean 'languages'?"),
    (f"{P}/priorities/0/default_skill_id", "frensh", f"/{P}/priorities/0/default_skill_id", "did you mean 'french'?"),
    (f"{H}/closure_sets", ["feast"], f"/{H}/closure_sets/0", "did you mean 'feasts'?"),
    (f"{V}/variable_group_id", "x", f"/{V}/variable_group_id", "there are t."),
    (f"{W}/events", ["engagement_startd"], f"/{W}/events/0", "did you mean"),
    ("moved_queues", {"old": "bilin"}, "/moved_queues/old", "did you mean 'billing'?"),
    ("moved_queues", {"billing": "general"}, "/moved_queues/billing", "take it out of `queues`"),
    ("moved_queues", {"a queue": "general"}, "/moved_queues/a queue", "letters, digits"),
    ("skill_categories/1/skills", [""], "/skill_categories/1/skills/0", "between 1 and 100 characters"),
    ("skill_categories/1/skills", ["x" * 101], "/skill_categories/1/skills/0", "between 1 and 100 characters"),
    # What stands twice
    ("queues/1/queue_id", "billing", "/queues/1/queue_id", "give this one another"),
    ("agents/1/user_id", "ana", "/agents/1/user_id", "give this one another"),
    ("flows/1/entry_points/0/entry_id", "entry-tickets", "/flows/1/entry_points/0/entry_id", "give this one its own"),
    ("skill_categories/1/skills", ["french"], "/skill_categories/1/skills/0", "belongs to one"),
    (f"{P}/priorities", [SKILLED, SKILLED], f"/{P}/priorities/1", "give this one another"),
    ("variables", [{**GOOD["variables"][0], "variable_id": i} for i in "ab"], "/variables/1/variable_name", "another"),
    # Circles, and roads that lead nowhere
    (
        f"{Q}/overflow",
        {"queue_id": "billing"},
        f"/{Q}/overflow",
        "billing → billing. Let one",
    ),
    (f"{T}/parent_team_id", "night", f"/{T}/parent_team_id", "day → night → day. Take one of the parents away."),
    (f"{Q}/overflow", {}, f"/{Q}/overflow", "Name one place"),
    (f"{Q}/overflow", {"queue_id": "general", "end": True}, f"/{Q}/overflow", "Name one place"),
    (f"{Q}/max_wait_time", 60, f"/{Q}/overflow", "Say where work goes"),
    (f"{Q}/when_closed", "overflow", f"/{Q}/overflow", "Say where work goes"),
    (f"{P}/time_steps", [10], f"/{P}/time_steps", "-1 at the end"),
    (f"{P}/time_steps", [0, -1], f"/{P}/time_steps", "1 or more"),
    (f"{Q}", {**TENANT["queues"][0], "distribution": "manual", "auto_accept": True}, f"/{Q}/auto_accept", "agents"),
    # Steps and conditions: what was meant is told by the fields that are there
    (S, [{}], f"/{S}/0", "Say what it is: one of choose, consumer, end, flow, hours, http, overflow"),
    (S, ["general"], f"/{S}/0", "an object"),
    (S, [{"rout": {"queue_id": "general"}}], f"/{S}/0/rout", "did you mean 'route'?"),
    (S, [{"set": {"que_id": "general"}}], f"/{S}/0/set/que_id", "did you mean 'queue_id'?"),
    (S, [{"choose": [{"when": IS_VIP, "route": {"queue_id": "general"}}]}], f"/{S}/0/otherwise", "missing"),
    (S, [{"chose": [], "otherwise": {"queue_id": "general"}}], f"/{S}/0/chose", "did you mean 'choose'?"),
    (S, [{"hours": "h", "open": {"queue_id": "general"}}], f"/{S}/0/closed", "This field is missing; add it."),
    (S, [{"hours": "h", "open": {"queue": "general"}, "closed": {}}], f"/{S}/0/open/queue", "did you mean 'queue_id'?"),
    (S, [chosen({"all": [{"fild": "a", "op": "exists"}]})], f"/{S}/0/choose/0/when/all/0/fild", "'field'?"),
    (S, [chosen({"any": [{"field": "a", "opp": "exists"}]})], f"/{S}/0/choose/0/when/any/0/opp", "'op'?"),
    (S, [chosen({"not": {"field": "a", "op": "is"}})], f"/{S}/0/choose/0/when/not/op", "'equal_to'"),
    (S, [chosen({"jmespath": "a =="})], f"/{S}/0/choose/0/when", "This is no JMESPath"),
    (S, [{"end": True}, {"set": {"queue_id": "general"}}], f"/{S}/1", "It is never reached"),
    (S, [{"set": {"queue_id": "genral"}}], f"/{S}/0/set/queue_id", "Did you mean 'general'?"),
    # Work that would come among agents who may have no place for its channel
    (f"{Q}/overflow", {"queue_id": "calls"}, f"/{Q}/overflow/queue_id", "voice; name one for work_item"),
    (f"{Q}/orphans", {"queue_id": "calls"}, f"/{Q}/orphans/queue_id", "voice; name one for work_item"),
    (f"{CALLS}/overflow", {"queue_id": "general"}, f"/{CALLS}/overflow/queue_id", "work_item; name one for voice"),
    (f"{CALLS}/overflow", {"flow_entry_id": "entry-tickets"}, f"/{CALLS}/overflow/flow_entry_id", "queue for voice"),
    (S, [chosen(IS_VIP), {"route": {"queue_id": "calls"}}], f"/{S}/1/route/queue_id", "voice; name one for work_item"),
    (f"{S}/0/otherwise/queue_id", "calls", f"/{S}/0/otherwise/queue_id", "voice; name one for work_item"),
    ("flows/2/channel", "video", f"/{F}/0/set/queue_id", "voice; name one for video, or give the flow its `channel`"),
    (F, [{"flow": "entry-tickets"}], f"/{F}/0/flow", "queue for voice"),
    ("flows/1/versions/0/steps/0/set/queue_id", "calls", "/flows/1/versions/0/steps/0/set", "name one for work_item"),
    # Fields that are called as the kinds of steps are
    ("OpenHours", {}, "/OpenHours", "There is no field 'OpenHours'"),
    (f"{S}/0/Choose", {}, f"/{S}/0/Choose", "There is no field 'Choose'"),
    (f"{A}/skills", {"Set": 6}, f"/{A}/skills", "less than or equal to 5"),
    # Values that their own declaration does not allow
    (f"{V}/default_value", "high", f"/{V}/default_value", "must be a number such as 12.5"),
    (f"{V}/values", ["1", "two"], f"/{V}/values/1", "must be a number such as 12.5"),
    (f"{V}", {**GOOD["variables"][0], "values": ["1"], "default_value": "2"}, f"/{V}/default_value", "one of 1"),
    (f"{W}/url", "http://crm.example.com", f"/{W}/url", "begins with https://"),
    (f"{W}/url", "https://localhost/hook", f"/{W}/url", "must be a public one"),
    (f"{W}/url", "https://[::1/hook", f"/{W}/url", "no address"),
    (f"{W}/url", "https://:443/hook", f"/{W}/url", "no address"),
    (f"{W}/url", "https://crm.example.com:abc/hook", f"/{W}/url", "from 1 to 65535"),
    (f"{W}/url", "https://crm.example.com:99999/hook", f"/{W}/url", "from 1 to 65535"),
    (f"{W}/url", "https://crm.example.com:0/hook", f"/{W}/url", "from 1 to 65535"),
    (f"{W}/url", "https://ex\u00e9mple.com/hook", f"/{W}/url", "xn--"),
    ("identity_providers", [{**PROVIDER, "jwks_url": f"{PORT}/keys"}], "/identity_providers/0/jwks_url", "65535"),
    ("systems_of_record", [{**SYSTEM, "url": PORT}], "/systems_of_record/0/url", "from 1 to 65535"),
    ("systems_of_record", [{**SYSTEM, "url": "https://ex\u00e9mple.com"}], "/systems_of_record/0/url", "xn--"),
    ("console", {**CONSOLE, "token_url": f"{PORT}/token"}, "/console/token_url", "from 1 to 65535"),
    ("console", {**CONSOLE, "token_url": "https://[::1/token"}, "/console/token_url", "no address"),
    ("console", {**CONSOLE, "authorization_url": "https://["}, "/console/authorization_url", "no address"),
    # Ids that stand for something else in the API's paths
    ("agents/1/user_id", "me", "/agents/1/user_id", "choose another id"),
    ("dispositions/0/disposition_id", "sets", "/dispositions/0/disposition_id", "choose another id"),
    (f"{V}/variable_id", "groups", f"/{V}/variable_id", "choose another id"),
    ("skill_categories/1/skills/0", "categories", "/skill_categories/1/skills/0", "choose another id"),
    ("reasons/0/sub_status_id", "2", "/reasons/0/sub_status_id", "choose another id"),
    # Ids that no request can name, and that no key has room for
    ("flows/0/flow_id", "x" * 256, "/flows/0/flow_id", "at most 255 characters"),
    ("flows/0/flow_name", "x" * 256, "/flows/0/flow_name", "at most 255 characters"),
    ("flows/0/entry_points/0/entry_id", "x" * 256, "/flows/0/entry_points/0/entry_id", "at most 255 characters"),
    ("flows/0/entry_points/0/entry_id", "", "/flows/0/entry_points/0/entry_id", "at least one"),
    ("systems_of_record", [{**SYSTEM, "system_id": "x" * 3000}], "/systems_of_record/0/system_id", "255 characters"),
    ("consumer_lists", [{"consumer_list_id": "x" * 256, "consumers": []}], "/consumer_lists/0/consumer_list_id", "255"),
]


def test_the_document_that_they_differ_from_is_good() -> None:
    read(GOOD)
    assert len(BAD) >= 100


@pytest.mark.parametrize(("path", "value", "pointer", "remedy"), BAD, ids=[f"{b[0]}={b[1]!r}"[:80] for b in BAD])
def test_the_place_and_the_remedy_are_named(path: str, value: Any, pointer: str, remedy: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(changed(path, value))
    found = [(each.pointer, each.message) for each in refused.value.errors]
    assert any(at.startswith(pointer) and remedy in message for at, message in found), found


VIA_FLOW = {"flow_entry_id": "entry-tickets"}
OVERFLOWING = {"queue_id": "calls", "queue_name": "Calls", "channel": "voice", "overflow": {"end": True}}


@pytest.mark.parametrize(
    "changes",
    [
        {f"{CALLS}/overflow": VIA_FLOW, S: [chosen(IS_VIP, steps=[{"flow": "entry-phone"}])]},
        {f"{CALLS}/overflow": VIA_FLOW, S: [chosen(IS_VIP, steps=[{"end": True}])]},
        {f"{CALLS}/overflow": VIA_FLOW, S: [chosen(IS_VIP, queue_id="calls")]},
        {F: [{"flow": "entry-tickets"}], S: [chosen(IS_VIP, queue_id="calls")]},
        {F: [{"set": {"queue_id": "general"}}, {"route": {"queue_id": "calls"}}]},
        {F: [{"overflow": "calls"}], CALLS: OVERFLOWING},
        {"flows/2/channel": "video", f"{F[:-6]}/status": "archived"},
    ],
)
def test_what_can_work_across_channels_is_taken(changes: dict[str, Any]) -> None:
    """Which channel comes to a flow is known only when work comes: what another flow or a queue's overflow brings is
    told apart by its conditions."""
    document = GOOD
    for path, value in changes.items():
        document = changed(path, value, document)
    read(document)


def changed(path: str, value: Any, document: dict[str, Any] = GOOD) -> dict[str, Any]:
    """The good document, or another, but for one place."""
    document = copy.deepcopy(document)
    *parents, last = path.split("/")
    place: Any = document
    for part in parents:
        place = place[int(part)] if part.isdecimal() else place[part]
    place[int(last) if last.isdecimal() else last] = value
    return document
