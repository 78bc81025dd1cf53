"""Moving over from other systems: the samples have the shapes of their public APIs, and names that are made up."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chalicelib.configuration.document import read
from chalicelib.configuration.tenant import Tenant
from chalicelib.flows.document import Flow, Route
from chalicelib.flows.interpreter import answered_by, run
from chalicelib.flows.questions import Answer, Draw, Question
from chalicelib.routing.hours import BusinessHours
from infra.movers import connect, job_router, twilio, zoom
from infra.movers.moving import IDENTIFIER, Moved, NotAnswered
from tests.support.worlds import NOW

SAMPLES = Path(__file__).parent / "samples"
MOVERS: dict[str, Callable[[Any], Moved]] = {
    "zoom": zoom.move,
    "job_router": job_router.move,
    "twilio": twilio.move,
    "connect": connect.move,
}


def sample(name: str) -> dict[str, Any]:
    folder = SAMPLES / name
    return {
        str(file.relative_to(folder).with_suffix("")): json.loads(file.read_text()) for file in folder.rglob("*.json")
    }


def by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows under their first field."""
    return {next(iter(row.values())): row for row in rows}


def left(moved: Moved) -> set[tuple[str, str]]:
    return {(each.where, each.what) for each in moved.left_out}


def routed(flow: Flow, variables: dict[str, str], drawn: float = 99.9) -> Route:
    """Where a flow's published version leads work, which asks for nothing but a lot."""
    version = flow.published()
    assert version is not None

    def answer(question: Question) -> Answer:
        assert isinstance(question, Draw)
        return drawn

    return answered_by(answer, run(version, variables, Tenant(flows=(flow,)).setting, NOW)).route


@pytest.mark.parametrize("name", MOVERS)
def test_what_comes_of_a_move_can_be_applied(name: str) -> None:
    assert read(MOVERS[name](sample(name)).document).queues


def shrunken(answers: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every export that lacks one answer, or one row of one."""
    for path, answer in answers.items():
        yield {each: other for each, other in answers.items() if each != path}
        for p, page in enumerate(answer if isinstance(answer, list) else [answer]):
            for key, rows in page.items():
                for n in range(len(rows) if isinstance(rows, list) else 0):
                    smaller = copy.deepcopy(answers)
                    target = smaller[path][p] if isinstance(answer, list) else smaller[path]
                    del target[key][n]
                    yield smaller


def misshapen(answer: Any, wrong: Any) -> Iterator[Any]:
    """Every answer that has something wrong at one place."""
    yield wrong
    if isinstance(answer, dict):
        for name, part in answer.items():
            yield from ({**answer, name: each} for each in misshapen(part, wrong))
    if isinstance(answer, list):
        for n, part in enumerate(answer):
            yield from ([*answer[:n], each, *answer[n + 1 :]] for each in misshapen(part, wrong))


@pytest.mark.parametrize("wrong", ["x", 7, ["x"], {"x": 1}, [None]], ids=str)
@pytest.mark.parametrize("name", MOVERS)
def test_what_no_endpoint_answers_is_refused_by_its_place(name: str, wrong: Any) -> None:
    answers, refused = sample(name), []
    for path, answer in answers.items():
        for each in misshapen(answer, wrong):
            try:
                MOVERS[name]({**answers, path: each})
            except NotAnswered as error:
                refused.append((path, error.path, str(error)))
    assert refused
    assert [each for each in refused if each[0] != each[1] or not each[2].startswith(each[0])] == []


@pytest.mark.parametrize("wrong", ["x", 7, ["x"], [[]], {"x": 1}, [None], None], ids=str)
@pytest.mark.parametrize(
    ("path", "rows", "name"), [("Workflows", "workflows", "configuration"), ("Workers", "workers", "attributes")]
)
def test_taskrouters_json_in_a_text_is_refused_or_moved(path: str, rows: str, name: str, wrong: Any) -> None:
    answers, moved = sample("twilio"), 0
    row = answers[path][rows][0]
    held = {"routing": {"skills": ["cards"], "levels": {"cards": 2}}, **json.loads(row[name])}
    for each in misshapen(held, wrong):
        with suppress(NotAnswered):
            twilio.move({**answers, path: {rows: [{**row, name: json.dumps(each)}]}})
            moved += 1
    assert moved


@pytest.mark.parametrize("name", MOVERS)
def test_a_partial_export_can_be_applied_too(name: str) -> None:
    tried = list(shrunken(sample(name)))
    assert len(tried) > 15
    for answers in tried:
        read(MOVERS[name](answers).document)
    read(MOVERS[name]({}).document)


@pytest.mark.parametrize("name", MOVERS)
def test_a_field_that_nobody_knows_is_reported_wherever_it_stands(name: str) -> None:
    answers = sample(name)
    for path, answer in answers.items():
        for page in answer if isinstance(answer, list) else [answer]:
            for rows in page.values():
                for row in rows if isinstance(rows, list) else ():
                    row["brand_new_setting"] = path
    before, after = left(MOVERS[name](sample(name))), left(MOVERS[name](answers))
    new = {where.split()[0].split("/")[0] for where, what in after - before if what == "brand_new_setting"}
    whole = {where.split()[0] for where, what in before if what == "the whole answer"}
    assert new | whole == {path.split("/")[0] for path in answers}


@pytest.mark.parametrize("name", MOVERS)
def test_moving_again_gives_the_same(name: str) -> None:
    assert MOVERS[name](sample(name)) == MOVERS[name](sample(name))


@pytest.mark.parametrize("name", ["zoom", "job_router", "connect"])
def test_ids_that_are_no_identifiers_are_made_so_and_reported(name: str) -> None:
    moved = MOVERS[name](sample(name))
    assert moved.renamed
    for each in moved.renamed:
        assert IDENTIFIER.match(each.ours)
        assert not IDENTIFIER.match(each.theirs) or len(each.theirs) > 40
    assert len({each.ours for each in moved.renamed}) == len(moved.renamed)


# Zoom Contact Center


def test_zooms_queues_keep_their_settings_and_agents() -> None:
    moved = zoom.move(sample("zoom"))
    tenant = read(moved.document)
    invoices = tenant.queue_by_id["vj9yy02ZTsyK22boIf2dww"]
    assert (invoices.queue_name, invoices.distribution, invoices.auto_accept) == ("Invoices", "most_available", True)
    assert (invoices.max_wait_time, invoices.max_engagement_in_queue, invoices.wrap_up_time) == (3600, 500, 60)
    assert invoices.overflow is not None
    assert tenant.queue_by_id[invoices.overflow.queue_id or ""].queue_name == "General"
    assert (invoices.service_level.threshold, invoices.service_level.target_percentage) == (600, 80)
    assert (invoices.short_abandon, invoices.queue_description) == (10, "Bills")
    assert [each.disposition_name for each in tenant.dispositions] == ["Solved"]
    assert tenant.agents_of_queue["vj9yy02ZTsyK22boIf2dww"] == ("ana1",)
    calls = tenant.queue_by_id["Q3calls"]
    assert (calls.channel, calls.distribution, calls.max_wait_time) == ("voice", "simultaneous", None)
    assert {
        ("queues Calls", "overflow_to_inbox_id"),
        ("queues Calls", "automatic acceptance"),
        ("queue Calls", "max_wait_time 120"),
        ("queues General", "distribution longest_ready"),
        ("queues Invoices", "caller_ids"),
    } <= left(moved)


@pytest.mark.parametrize("place", ["overflow_to_cc_queue_id", "overflow_to_flow_id"])
def test_zooms_overflow_to_another_channel_is_left_out(place: str) -> None:
    answers = sample("zoom")
    queues = {row["channel"]: row for page in answers["queues"] for row in page["queues"]}
    (flow,) = (row for row in answers["flows"]["flows"] if row["channel"] == "work_item")
    calls = answers.get(f"queues/{queues['voice']['cc_queue_id']}", queues["voice"])
    to = {"overflow_to_cc_queue_id": queues["work_item"]["cc_queue_id"], "overflow_to_flow_id": flow["flow_id"]}[place]
    calls |= {"overflow_to_cc_queue_id": None, "overflow_to_queue_id": None, place: to, "max_wait_time": 60}
    moved = zoom.move(answers)
    (queue,) = (each for each in read(moved.document).queues if each.channel == "voice")
    assert (queue.overflow, queue.max_wait_time) == (None, None)
    assert any(each.what.startswith("overflow to") and "another channel" in each.why for each in moved.left_out)


def test_zooms_skills_of_25_levels_are_scaled_and_profiles_keep_their_order() -> None:
    tenant = read(zoom.move(sample("zoom")).document)
    assert tenant.agent_by_id["ana1"].skills == {"French": 3, "Warranty": 1}
    (profile,) = tenant.agent_routing_profiles
    assert profile.time_steps == (10, -1)
    languages, products = profile.priorities
    assert (languages.minimum_proficiency_level, languages.skill_category_required) == (3, True)
    assert (languages.default_skill_id, languages.backup_skills[0].backup_skill_id) == ("English", "French")
    assert products.time_step == 1


def test_zooms_consumer_profiles_name_variables_and_skills_as_they_arrive() -> None:
    (profile,) = read(zoom.move(sample("zoom")).document).consumer_routing_profiles
    (top,) = profile.top_priorities
    assert (top.variable_name, top.variable_values) == ("global_custom.customer.tier", ("gold",))
    entrance, skilled = profile.accumulated_priorities
    assert str(entrance.attribute.enter_queue_end_time) == "17:30:00"
    assert (skilled.incremental_rate, skilled.attribute.ids) == (2, ("French",))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (1_772_442_000_000, True),  # Monday 2 March 2026, 10:00 in Paris
        (1_772_449_500_000, False),  # 12:05
        (1_772_462_000_000, True),  # 15:33
        (1_772_355_600_000, False),  # Sunday
        (1_772_301_600_000, True),  # Saturday, all day
    ],
)
def test_zooms_business_hours(moment: int, is_open: bool) -> None:
    (hours,) = read(zoom.move(sample("zoom")).document).business_hours
    assert isinstance(hours, BusinessHours)
    assert hours.is_open(moment) is is_open


def test_zooms_flows_are_drafts_with_their_entry_ids() -> None:
    moved = zoom.move(sample("zoom"))
    (flow,) = read(moved.document).flows
    assert [point.entry_id for point in flow.entry_points] == ["e-tickets", "e-more"]
    assert flow.published() is None, "nothing is taken in before somebody has looked at it"
    assert ("flows Mail", "the flow") in left(moved)


def test_zooms_occupancy_is_the_preset() -> None:
    tenant = read(zoom.move(sample("zoom")).document)
    capacity, rules = tenant.places(tenant.agent_by_id["ana1"])
    assert capacity == {"voice": 1, "video": 1, "messaging": 4, "email": 20, "work_item": 1}
    assert len(rules.closings) == 3


# Azure Job Router

LABELS = "global_custom.job."


@pytest.mark.parametrize(
    ("labels", "queue_id", "priority", "skills"),
    [
        ({"Region": "NA", "Hardware_VIP": "true"}, "XBOX_NA", 10, {"English": 2, "Hardware": 5}),
        ({"Region": "EU", "Age": "4"}, "XBOX-default-751866c2", 5, {"English": 2}),
        ({"Location": "Seattle"}, "XBOX-default-751866c2", 1, {"English": 2, "Location=Seattle": 1}),
        (
            {"Hardware_VIP": "true", "Location": "Oslo"},
            "XBOX-default-751866c2",
            10,
            {"English": 2, "Hardware": 5, "Location=Oslo": 1},
        ),
    ],
)
def test_job_routers_classification_policy_is_a_flow(
    labels: dict[str, str], queue_id: str, priority: int, skills: dict[str, int]
) -> None:
    flow = read(job_router.move(sample("job_router")).document).flow_by_entry_id["consoles"]
    route = routed(flow, {LABELS + name: value for name, value in labels.items()})
    assert (route.queue_id, route.priority) == (queue_id, priority)
    assert {each.skill: each.level for each in route.skills or ()} == skills


@pytest.mark.parametrize(
    ("weights", "lots"),
    [
        ((0.3,), {0: "XBOX_NA", 29.9: "XBOX_NA", 30: "XBOX.default"}),  # the rest falls back
        ((0.3, 0.7), {29.9: "XBOX_NA", 30: "overfull", 99.9: "overfull"}),
        ((1, 2), {33.3: "XBOX_NA", 33.4: "overfull"}),
        ((1 / 3, 1 / 3), {33.3: "XBOX_NA", 33.4: "overfull", 66.6: "overfull", 66.7: "XBOX.default"}),
        ((0,), {0: "XBOX.default"}),
    ],
)
def test_job_routers_weights_are_a_split(weights: tuple[float, ...], lots: dict[float, str]) -> None:
    answers = sample("job_router")
    policy = answers["classificationPolicies"]["value"][0]
    allocations = [
        {"weight": weight, "queueSelectors": [{"key": "Id", "value": queue_id}]}
        for weight, queue_id in zip(weights, ("XBOX_NA", "overfull"), strict=False)
    ]
    for others in (policy["queueSelectorAttachments"][:2], []):
        attached = [*others, {"kind": "weightedAllocation", "allocations": allocations}]
        policy["queueSelectorAttachments"] = attached
        moved = job_router.move(answers)
        flow = read(moved.document).flow_by_entry_id["consoles"]
        ids = {lot: routed(flow, {}, lot).queue_id for lot in lots}
        assert ids == {lot: "XBOX-default-751866c2" if to == "XBOX.default" else to for lot, to in lots.items()}


def test_job_routers_policies_are_settings_of_the_queue() -> None:
    moved = job_router.move(sample("job_router"))
    tenant = read(moved.document)
    na, default = tenant.queue_by_id["XBOX_NA"], tenant.queue_by_id["XBOX-default-751866c2"]
    assert (na.distribution, na.offer_timeout, na.max_wait_time) == ("most_available", 60, 300)
    assert na.overflow is not None
    assert na.overflow.queue_id == default.queue_id
    assert (default.distribution, default.offered_at_once, default.offer_timeout) == ("simultaneous", 5, 900)
    overflow = tenant.queue_by_id["overfull"].overflow
    assert overflow is not None
    assert overflow.flow_entry_id == "consoles"
    assert {
        ("exceptionPolicies escalate, exceptionRules[1]", "queueLength to another place"),
        ("classificationPolicies consoles, workerSelectorAttachments[1]", "Trainee notEqual True"),
        ("classificationPolicies computed, prioritizationRule", "Sum(job.A, job.B)"),
        ("workers worker 1", "tags"),
    } <= left(moved)


def test_job_routers_workers_keep_labels_and_capacity() -> None:
    tenant = read(job_router.move(sample("job_router")).document)
    first, second = tenant.agents
    assert first.display_name == "worker 1"
    assert first.skills == {"English": 3, "Hardware": 5, "Location=Seattle": 1, "Lead": 1}
    capacity, rules = tenant.places(first)
    assert capacity == {"voice": 1, "messaging": 3}
    assert rules.units == {"capacity": 100}
    assert second.queues == ("XBOX_NA",)


# Twilio TaskRouter

ATTRIBUTES = "global_custom.task."


@pytest.mark.parametrize(
    ("attributes", "queue_id", "priority", "skills"),
    [
        ({"customer_value": "Gold", "type": "bill"}, "WQ2", 10, {"level": 3}),
        ({"customer_value": "Gold", "type": "bill", "language": "fr"}, "WQ2", 10, {"level": 3, "languages=fr": 1}),
        ({"age": "3"}, "WQ3", None, {}),
        ({"urgent": "true"}, "WQ3", None, {}),
        ({"type": "other"}, "WQ1", None, {}),
    ],
)
def test_taskrouters_workflow_is_a_flow(
    attributes: dict[str, str], queue_id: str, priority: int | None, skills: dict[str, int]
) -> None:
    flow = read(twilio.move(sample("twilio")).document).flow_by_entry_id["WW1"]
    route = routed(flow, {ATTRIBUTES + name: value for name, value in attributes.items()})
    assert (route.queue_id, route.priority) == (queue_id, priority)
    assert {each.skill: each.level for each in route.skills or ()} == skills


def test_taskrouters_queues_have_the_workers_their_expressions_pick() -> None:
    moved = twilio.move(sample("twilio"))
    tenant = read(moved.document)
    assert tenant.agents_of_queue == {"WQ1": ("WK1", "WK2", "WK3"), "WQ2": ("WK1",), "WQ3": ("WK1", "WK2"), "WQ4": ()}
    assert tenant.agent_by_id["WK1"].skills == {
        "billing": 1,
        "languages=en": 1,
        "languages=fr": 1,
        "region=eu": 1,
        "level": 4,
        "lead": 1,
    }
    assert tenant.agent_by_id["WK2"].skills["rush"] == 5
    assert tenant.places(tenant.agent_by_id["WK1"])[0] == {"work_item": 5, "messaging": 2}
    billing = tenant.queue_by_id["WQ2"]
    assert billing.overflow is not None
    assert (billing.max_wait_time, billing.overflow.queue_id, billing.offer_timeout) == (300, "WQ1", 120)
    assert tenant.queue_by_id["WQ3"].offered_at_once == 20
    assert {
        ("TaskQueues Billing", "the newest task first"),
        ("TaskQueues Odd", "target workers worker ~ 3"),
        ("Workers cy", "attributes"),
        ("Workflows Support, filters[0]", "skip_if"),
        ("Workflows Support, filters[1]", "known_worker_sid"),
        ("Workflows Support, filters[2]", "filter type MATCHES 'x'"),
        ("Workflows Support, filters[3]", "queue WQ9"),
    } <= left(moved)


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ([{"queue": "WQ2", "timeout": 15}], "timeout of 15 s after which there is no target"),
        ([{"queue": "WQ2", "timeout": 15}, {"queue": "WQ1", "priority": "20"}], "priority of the second target"),
        ([{"queue": "WQ2", "timeout": 15}, {"queue": "WQ1", "expression": "1==1"}], "expression of the second target"),
        ([{"queue": "WQ2", "timeout": 15}, {"queue": "WQ1", "timeout": 9}], "timeout of the second target"),
        ([{"queue": "WQ2", "expression": "worker.shoe == task.shoe"}], "worker.shoe as the task has it"),
        ([{"queue": "WQ2", "brand_new": 1}], "brand_new"),
        ([{"queue": "WQ2", "timeout": 15}, {"queue": "WQ1", "brand_new": 1}], "brand_new"),
    ],
)
def test_what_taskrouters_targets_say_and_queues_cannot_is_reported(targets: list[dict[str, Any]], told: str) -> None:
    answers = sample("twilio")
    filters = [{"filter_friendly_name": "All", "expression": "1==1", "targets": targets}]
    routing = {"task_routing": {"filters": filters, "default_filter": {"queue": "WQ1"}}}
    answers["Workflows"]["workflows"][0]["configuration"] = json.dumps(routing)
    of_filter = {what for where, what in left(twilio.move(answers)) if where.startswith("Workflows Support, filters")}
    assert of_filter == {told}


# Amazon Connect

CASES = "11111111-aaaa-bbbb-cccc-000000000001"


def test_connects_queue_is_a_queue_for_each_channel_it_is_served_in() -> None:
    moved = connect.move(sample("connect"))
    tenant = read(moved.document)
    names = {queue.queue_name: queue.channel for queue in tenant.queues}
    assert names == {"Cases (work_item)": "work_item", "Cases (voice)": "voice", "Calls": "voice"}
    assert tenant.agents_of_queue[CASES] == ("u1", "u2")
    (group,) = tenant.queue_by_id[CASES].agent_groups
    assert (group.group_id, group.delay, tenant.agent_by_id["u2"].group_id) == ("rp2", 120, "rp2")
    assert ("search-queues Old", "the queue") in left(moved)


def test_connects_routing_profiles_are_occupancy_profiles() -> None:
    tenant = read(connect.move(sample("connect")).document)
    capacity, rules = tenant.places(tenant.agent_by_id["u1"])
    assert capacity == {"work_item": 5, "voice": 1}
    (closing,) = rules.closings
    assert (closing.when[0].channel, closing.to) == ("voice", ("work_item",))
    assert tenant.agent_by_id["u1"].skills == {"language=French": 4}


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (1_772_463_600_000, True),  # Monday 2 March 2026, 10:00 in New York
        (1_772_854_200_000, True),  # Friday, 22:30
        (1_772_865_000_000, True),  # Saturday, 01:30
        (1_772_868_600_000, False),  # Saturday, 02:30
        (1_772_427_600_000, False),  # Monday, 00:00, after a Sunday around the clock
    ],
)
def test_connects_hours_may_pass_midnight(moment: int, is_open: bool) -> None:
    (hours,) = read(connect.move(sample("connect")).document).business_hours
    assert hours.is_open(moment) is is_open
