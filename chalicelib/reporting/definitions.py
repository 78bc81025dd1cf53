"""The datasets that are added up: what is counted, by what, and what each number means, in the words of
docs/reports.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.reporting.facts import Dataset


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage, rounded down."""

    part: str
    whole: str
    less: tuple[str, ...]
    """Measures that are taken from the whole."""
    meaning: str

    def of(self, measures: Mapping[str, int]) -> int | None:
        """The percentage; None where there is nothing to have a share of."""
        whole = measures[self.whole] - sum(measures[name] for name in self.less)
        return 100 * measures[self.part] // whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Summed:
    """A dataset that is added up from facts, by interval and by some of its dimensions."""

    title: str
    about: str
    """What is counted, and when."""
    facts: tuple[Dataset, ...]
    group_by: tuple[str, ...]
    """By what it is grouped where nobody says."""
    dimensions: tuple[str, ...]
    measures: Mapping[str, str]
    """Their meaning, by name."""
    shares: Mapping[str, Share] = field(default_factory=dict)
    spread: tuple[str, ...] = ()
    """The durations of which it is known how they are spread."""


_FLOW = ("flow_id", "flow_version", "flow_entry_id")
_PARTS = ("queue_id", "user_id", "team_id", "channel", *_FLOW)
_LIFE = (*_PARTS, "first_queue_id", "end_reason", "disposition_id", "priority", "skills")

QUEUE_PERFORMANCE = Summed(
    title="by queue and channel",
    about="A queue visit begins when work enters the queue and ends when it leaves it. Its agent is who took it.",
    facts=("queue_performance",),
    group_by=("queue_id", "channel"),
    dimensions=_PARTS,
    measures={
        "handled_count": "visits that ended because an agent accepted the work, or pulled it",
        "within_service_level_count": "of those, the ones whose wait was at most the queue's service level threshold, "
        "as it is set now",
        "abandoned_count": "visits that ended because the consumer left",
        "short_abandoned_count": "of those, the ones whose wait was at most the queue's short abandon time, as it is "
        "set now",
        "service_level_count": "visits that the service level is a share of: of queues that have a threshold, "
        "`handled_count` + `abandoned_count` − `short_abandoned_count`",
        "cancelled_count": "visits that ended because the source withdrew the work",
        "overflow_count": "visits that ended because the work overflowed, to another queue or out",
        "returned_count": "visits that ended because nobody took the transferred work in time, and it went back to "
        "where it came from",
        "waited_ms": "how long all these visits lasted, the ringing of the accepted offer included",
    },
    shares={
        "service_level_in_percentage": Share(
            "within_service_level_count",
            "service_level_count",
            (),
            "`within_service_level_count` of `service_level_count`",
        ),
    },
    spread=("waited_ms",),
)

AGENT_PERFORMANCE = Summed(
    title="by agent, queue and channel",
    about="An agent's part begins with an offer and ends when the offer is refused or missed, or when the agent no "
    "longer has the work.",
    facts=("agent_performance",),
    group_by=("queue_id", "user_id", "channel"),
    dimensions=_PARTS,
    measures={
        "offered_count": "parts that ended; each counts in one of the seven below as well",
        "handled_count": "parts that ended because the agent closed the work",
        "refused_count": "offers that the agent declined; one that is taken back is none",
        "missed_count": "offers that nobody answered in time; one to several agents at once counts for the first",
        "released_count": "parts that ended because the work was given back to the queue",
        "transferred_count": "parts that ended with a transfer",
        "taken_over_count": "parts that ended because a supervisor took the work over",
        "cancelled_count": "parts that ended because the source withdrew the work while the agent had it",
        "rang_ms": "how long the refused and missed offers rang",
        "handled_ms": "how long the work was active with the agent",
        "parked_ms": "how long it was inactive with the agent",
        "wrapped_ms": "how long the agent's wrap-up took",
    },
    shares={
        "transfer_rate_in_percentage": Share(
            "transferred_count",
            "offered_count",
            ("refused_count", "missed_count"),
            "`transferred_count` of the parts in which the agent had the work: `offered_count` − `refused_count` − "
            "`missed_count`",
        ),
    },
    spread=("handled_ms",),
)

AGENT_TIMECARD = Summed(
    title="by agent",
    about="A status of an agent counts whole, in the interval in which it ends; one that goes on is a live number.",
    facts=("agent_status_history",),
    group_by=("user_id",),
    dimensions=("user_id", "team_id", "status", "sub_status_id"),
    measures={
        "signed_in_ms": "how long the agent was Ready or Not Ready",
        "ready_ms": "how long the agent was Ready",
        "occupied_ms": "of that, how long at least one place was taken: by work that was offered or active, or that "
        "another system gave",
        "not_ready_ms": "how long the agent was Not Ready; by reason with `group_by=user_id,sub_status_id`, where the "
        "tenant lists its `reasons`",
        "finishing_ms": "of that, how long at least one place was still taken",
        "offline_ms": "how long the agent was Offline between two sessions",
        "shift_ms": "of all this, how much was in the agent's shift, as it was set when the status ended; nothing for "
        "an agent without one",
        "adherent_ms": "of that, how long the agent was signed in",
    },
    shares={
        "adherence_in_percentage": Share("adherent_ms", "shift_ms", (), "`adherent_ms` of `shift_ms`"),
        "occupancy_in_percentage": Share("occupied_ms", "ready_ms", (), "`occupied_ms` of `ready_ms`"),
    },
)

FLOW_PERFORMANCE = Summed(
    title="by flow, version, entry point and channel",
    about="An engagement counts when it is closed, with all that happened to it since it started; work that is started "
    "again, when it starts. The flow is the one that it started with, the queue is the last one, the agent is who had "
    "it then, `first_queue_id` is the queue that the flow led it to, `skills` are all that it asked for in the end.",
    facts=("engagement", "repeat"),
    group_by=(*_FLOW, "channel"),
    dimensions=_LIFE,
    measures={
        "engagement_count": "engagements that were closed; each counts in one of the four below as well",
        "completed_count": "of those, the ones that an agent ended",
        "abandoned_count": "the ones whose consumer left before anybody took them",
        "cancelled_count": "the ones that the source withdrew",
        "overflowed_count": "the ones that their queue, or the flow of an overflow, ended",
        "transferred_count": "closed engagements that were transferred at least once",
        "repeated_count": "engagements that started and whose work had been closed before",
        "reopened_count": "of those, the ones that started within 24 hours of the earlier one's end",
        "first_offered_count": "closed engagements that were offered at least once",
        "first_offer_ms": "how long after their start these were first offered",
        "first_accepted_count": "closed engagements that an agent accepted, or pulled, at least once",
        "first_accept_ms": "how long after their start an agent first had these",
        "duration_ms": "how long the closed engagements lasted, from start to end",
        "waited_ms": "how long they were in queues, the ringing of accepted offers included",
        "handled_ms": "how long they were active with agents",
        "parked_ms": "how long they were inactive with agents",
        "wrapped_ms": "how long the wrap-ups took",
    },
    shares={
        "transfer_rate_in_percentage": Share(
            "transferred_count", "engagement_count", (), "`transferred_count` of `engagement_count`"
        ),
    },
    spread=("first_offer_ms", "first_accept_ms"),
)

DISPOSITION = Summed(
    title="by disposition, queue and channel",
    about="An engagement counts when it is closed, with the last queue and the agent who had it then. The disposition "
    "is one of the configuration's; `disposition_id` is empty where there was none, and where it was free text, which "
    "stays out of reports.",
    facts=("engagement",),
    group_by=("disposition_id", "queue_id", "channel"),
    dimensions=_LIFE,
    measures={
        "engagement_count": "engagements that were closed with this disposition",
        "duration_ms": "how long they lasted, from start to end",
        "handled_ms": "how long they were active with agents",
        "wrapped_ms": "how long their wrap-ups took",
    },
)

SUMMED: Mapping[str, Summed] = {
    "queue_performance": QUEUE_PERFORMANCE,
    "agent_performance": AGENT_PERFORMANCE,
    "agent_timecard": AGENT_TIMECARD,
    "flow_performance": FLOW_PERFORMANCE,
    "disposition": DISPOSITION,
}
"""By name."""
COUNTED: tuple[Dataset, ...] = tuple(dict.fromkeys(kind for each in SUMMED.values() for kind in each.facts))
"""The facts that they are added up from."""
