"""Whole tenants for Hypothesis: every kind, with references that lead somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from chalicelib.configuration import profiles, shared, vocabulary
from chalicelib.configuration.checks import check
from chalicelib.configuration.identity import ConsoleSignIn, IdentityProvider
from chalicelib.configuration.tenant import Tenant
from chalicelib.events.catalogue import TYPES
from chalicelib.flows.document import EntryPoint, Flow
from chalicelib.flows.setting import ConsumerList, SystemOfRecord
from chalicelib.routing.consumer import Accumulated, Attribute
from chalicelib.routing.hours import DAYS, Closure, Interval
from chalicelib.routing.occupancy import Closing, Criterion
from tests.configuration.flows import intakes, versions

ids = st.text("abcXYZ019_-", min_size=1, max_size=8)
texts = st.text(max_size=9)
channels = st.sampled_from(["work_item", "voice", "messaging"])
zones = st.sampled_from(["UTC", "Europe/Paris", "America/New_York"])
skills = ["french", "german", "tv", "router"]
rates = st.integers(0, 50)


def some(known: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few of those that are there, each once."""
    return st.lists(st.sampled_from(known), unique=True, max_size=3).map(tuple) if known else st.just(())


def one(known: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of those that are there, or none."""
    return st.none() | st.sampled_from(known) if known else st.none()


def each(known: Sequence[str], kind: Any, field: str, **how: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """An entry for every id."""
    return st.tuples(*(st.builds(kind, **{field: st.just(key)}, **how) for key in known))


closures = st.builds(
    lambda first, days: Closure(first, first + timedelta(days=days)),
    st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    st.integers(0, 9),
)
intervals = st.builds(
    lambda start, length: Interval(time(start), time((start + length) % 24)), st.integers(0, 22), st.integers(1, 1)
)
attributes = st.one_of(
    st.builds(Attribute, attribute_type=st.just("skills"), ids=some(skills)),
    st.builds(Attribute, attribute_type=st.just("returning_customer"), max_returning_minutes=st.integers(1, 99)),
    st.builds(
        Attribute,
        attribute_type=st.just("global_variable"),
        variable_name=st.just("work_item_type"),
        variable_values=st.lists(texts, max_size=2).map(tuple),
        timezone=zones,
    ),
)
closings = st.builds(Closing, when=st.lists(st.builds(Criterion, channel=channels), min_size=1, max_size=2).map(tuple))
capacity = st.dictionaries(channels, st.integers(0, 9), max_size=3)


@st.composite
def tenants(draw: st.DrawFn) -> Tenant:
    """A tenant that is valid. What is put together by chance may be none: a flow that asks for what never holds."""

    def names(most: int = 3) -> list[str]:
        return draw(st.lists(ids, unique=True, max_size=most))

    queues, agents, teams, categories = names(4), names(4), names(), draw(some(["languages", "products"]))
    finders, rankers, occupancies, hours, sets = names(2), names(2), names(2), names(2), names(2)
    groups, variables, endings, ending_sets = names(2), names(3), names(3), names(2)
    systems, lists = names(2), names(2)
    members = {"languages": ("french", "german"), "products": ("tv", "router")}
    members = {key: skills[: draw(st.integers(0, 2))] for key, skills in members.items() if key in categories}
    named = [skill for skills in members.values() for skill in skills]
    flows = draw(st.lists(ids, unique=True, max_size=2)) if queues else []
    kinds = {key: draw(channels) for key in queues}
    ours = [key for key in queues if kinds[key] == kinds[queues[0]]]
    """Queues that the flows lead to: work stays in its channel."""
    flow_entries = {key: f"entry-{key}" for key in flows}
    tenant = Tenant(
        queues=tuple(
            draw(_queue(n, kinds, agents, list(flow_entries.values()), finders, rankers, hours, endings, ending_sets))
            for n in range(len(queues))
        ),
        agents=draw(
            each(
                agents,
                profiles.Agent,
                "user_id",
                display_name=texts,
                queues=some(queues),
                team_id=one(teams),
                skills=st.dictionaries(st.sampled_from(skills), st.integers(1, 5), max_size=2),
                capacity=capacity,
                occupancy_profile_id=one(occupancies),
                shift_hours_id=one(hours),
                group_id=st.none(),
                offer_timeout=st.none() | st.integers(1, 900),
                addresses=st.dictionaries(channels, texts, max_size=1),
            )
        ),
        teams=tuple(
            shared.Team(key, draw(texts), draw(one(teams[:n])), draw(some(queues))) for n, key in enumerate(teams)
        ),
        skill_categories=tuple(profiles.SkillCategory(key, draw(texts), members[key]) for key in categories),
        agent_routing_profiles=draw(
            each(
                finders,
                profiles.AgentRoutingProfile,
                "agent_routing_profile_id",
                agent_routing_profile_name=texts,
                time_steps=st.lists(st.integers(1, 99), max_size=2).map(lambda steps: (*steps, -1)),
                priorities=st.lists(
                    st.builds(
                        profiles.Priority,
                        skill_category_id=st.sampled_from(categories),
                        minimum_proficiency_level=st.integers(1, 5),
                        default_skill_id=st.none(),
                        time_step=st.none() | st.integers(1, 9),
                        backup_skills=st.lists(
                            st.builds(profiles.BackupSkill, st.sampled_from(skills), st.integers(1, 5)), max_size=1
                        ).map(tuple),
                    ),
                    unique_by=lambda line: line.skill_category_id,
                    max_size=2,
                ).map(tuple)
                if categories
                else st.just(()),
            )
        ),
        consumer_routing_profiles=draw(
            each(
                rankers,
                profiles.ConsumerRoutingProfile,
                "consumer_routing_profile_id",
                consumer_routing_profile_name=texts,
                top_priorities=st.lists(attributes, max_size=2).map(tuple),
                accumulated_priorities=st.lists(st.builds(Accumulated, attributes, rates), max_size=1).map(tuple),
                ageing_rate=rates,
                handling_time=rates,
                service_level_threshold=rates,
            )
        ),
        occupancy_profiles=draw(
            each(
                occupancies,
                profiles.OccupancyProfile,
                "occupancy_profile_id",
                occupancy_profile_name=texts,
                capacity=capacity,
                closings=st.lists(closings, max_size=2).map(tuple),
                units=st.just({}),
                costs=st.just({}),
                parks=st.just({}),
                most_offers=st.integers(1, 5),
            )
        ),
        business_hours=draw(
            each(
                hours,
                profiles.Hours,
                "business_hours_id",
                business_hours_name=texts,
                timezone=zones,
                weekly=st.dictionaries(st.sampled_from(DAYS), st.lists(intervals, max_size=2).map(tuple), max_size=3),
                closures=st.lists(closures, max_size=1).map(tuple),
                closure_sets=some(sets),
            )
        ),
        closure_sets=draw(
            each(
                sets,
                shared.ClosureSet,
                "closure_set_id",
                closure_set_name=texts,
                closures=st.lists(closures, max_size=2).map(tuple),
                holidays=st.none(),
            )
        ),
        reasons=draw(each(names(), profiles.Reason, "sub_status_id", sub_status_name=texts, enabled=st.booleans())),
        variable_groups=tuple(vocabulary.VariableGroup(key, key) for key in groups),
        variables=tuple(draw(_variable(key, groups)) for key in variables) if groups else (),
        dispositions=draw(
            each(
                endings,
                vocabulary.Disposition,
                "disposition_id",
                disposition_name=st.text(min_size=1, max_size=9),
                status=st.sampled_from(["active", "inactive"]),
            )
        ),
        disposition_sets=draw(
            each(
                ending_sets,
                vocabulary.DispositionSet,
                "disposition_set_id",
                disposition_set_name=texts,
                dispositions=some(endings),
            )
        ),
        flows=tuple(
            Flow(
                key,
                draw(texts),
                draw(versions(ours, hours, systems, lists, named or skills)),
                (EntryPoint(flow_entries[key], draw(texts), draw(intakes())),),
                kinds[queues[0]],
            )
            for key in flows
        ),
        webhooks=draw(
            each(
                names(2),
                profiles.Webhook,
                "webhook_id",
                url=st.just("https://crm.example.com/hook"),
                events=some(sorted(TYPES)),
                signature=st.sampled_from(["standard", "zoom"]),
            )
        ),
        systems_of_record=draw(each(systems, SystemOfRecord, "system_id", url=st.just("https://crm.example.com/api"))),
        consumer_lists=draw(
            each(lists, ConsumerList, "consumer_list_id", consumers=st.lists(texts, max_size=2).map(tuple))
        ),
        identity_providers=draw(st.just(()) | st.builds(_provider, st.booleans()).map(lambda made: (made,))),
        console=draw(
            st.none()
            | st.builds(
                ConsoleSignIn,
                client_id=st.just("console"),
                authorization_url=st.just("https://login.example.com/authorize"),
                token_url=st.just("https://login.example.com/token"),
                token=st.sampled_from(["access_token", "id_token"]),
            )
        ),
        moved_queues=draw(st.dictionaries(ids.filter(lambda key: key not in queues), one(queues), max_size=2)),
        agent_hour_cost=draw(st.none() | st.floats(0.01, 1000)),
        requests_per_second=draw(st.none() | st.integers(1, 10_000)),
        heartbeat_timeout=draw(st.none() | st.integers(30, 3600)),
        retention_days=draw(st.integers(1, 400)),
    )
    assume(not list(check(tenant)))
    return tenant


def _provider(by_role: bool) -> IdentityProvider:
    roles = {"role_claim": "groups", "roles": {"leads": "supervisor"}} if by_role else {}
    issuer = "https://login.example.com"
    return IdentityProvider(issuer, "interleave", f"{issuer}/keys", **roles)  # type: ignore[arg-type]


@st.composite
def _queue(
    draw: st.DrawFn,
    n: int,
    kinds: dict[str, str],
    agents: list[str],
    entries: list[str],
    finders: list[str],
    rankers: list[str],
    hours: list[str],
    endings: list[str],
    ending_sets: list[str],
) -> profiles.Queue:
    """Overflows only to queues further on, so that it comes to an end."""
    queues = list(kinds)
    channel = kinds[queues[n]]
    onward = [st.builds(profiles.Overflow, end=st.just(True))]
    further = [each for each in queues[n + 1 :] if kinds[each] == channel]
    if further:
        onward.append(st.builds(profiles.Overflow, queue_id=st.sampled_from(further)))
    overflow = draw(st.none() | st.one_of(onward))
    limits = st.none() | st.integers(1, 99)
    policy = {
        "queues": st.sampled_from(["none", "all"]) | some(queues),
        "users": st.sampled_from(["none", "all"]) | some(agents),
        "flows": st.sampled_from(["none", "all"]) | some(entries),
    }
    return draw(
        st.builds(
            profiles.Queue,
            queue_id=st.just(queues[n]),
            queue_name=texts,
            queue_description=texts,
            channel=st.just(channel),
            offer_timeout=st.integers(1, 900),
            auto_accept=st.just(False),
            offered_at_once=st.integers(2, 20),
            wrap_up_time=st.integers(0, 300),
            cool_down=st.integers(0, 3600),
            agent_routing_profile_id=one(finders),
            consumer_routing_profile_id=one(rankers),
            business_hours_id=one(hours),
            agent_groups=st.just(()),
            overflow=st.just(overflow),
            max_engagement_in_queue=limits if overflow else st.none(),
            max_wait_time=limits if overflow else st.none(),
            max_offers=limits if overflow else st.none(),
            when_closed=st.sampled_from(["wait", "overflow"]) if overflow else st.just("wait"),
            transfer=st.builds(
                profiles.TransferPolicy, most=st.integers(0, 9), return_after=st.none() | st.integers(1, 99), **policy
            ),
            service_level=st.builds(
                profiles.ServiceLevel,
                threshold=st.none() | st.integers(1, 99),
                target_percentage=st.none() | st.integers(1, 100),
                at_risk_percent=st.integers(1, 100),
                due_date_warning=st.integers(0, 99),
            ),
            orphans=st.builds(
                profiles.Orphans,
                queue_id=one([each for each in queues if kinds[each] == channel]),
                grace=st.integers(0, 99),
                held_for=st.integers(60, 99),
            ),
            max_wrap_up_time=st.integers(0, 999),
            short_abandon=st.none() | st.integers(1, 255),
            dispositions=st.builds(
                vocabulary.QueueDispositions,
                dispositions=some(endings),
                disposition_sets=some(ending_sets),
                default_disposition_id=st.none(),
            ),
            launch_urls=st.just(())
            | st.just((vocabulary.LaunchUrl("ringing", "https://x.example.com/{work_item_id}"),)),
        )
    )


@st.composite
def _variable(draw: st.DrawFn, key: str, groups: list[str]) -> vocabulary.Variable:
    kind, value = draw(st.sampled_from([("string", "x"), ("number", "1.5"), ("boolean", "true"), ("array", "[1]")]))
    return vocabulary.Variable(
        key,
        key,
        draw(st.sampled_from(groups)),
        draw(texts),
        kind,  # type: ignore[arg-type]
        draw(st.sampled_from([(), (value,)])),
        draw(st.sampled_from([None, value])),
        draw(st.booleans()),
    )
