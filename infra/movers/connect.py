"""Amazon Connect: what its search and list operations answer, as the AWS CLI prints it.

Read are `search-queues`, `search-routing-profiles`, `routing-profiles/<id>/queues` (list-routing-profile-queues),
`search-hours-of-operations`, `search-users` and `users/<id>/proficiencies` (list-user-proficiencies).
A queue of Connect takes every channel; here it is a queue for each channel in which a routing profile serves it.
Source: Amazon Connect API reference.
"""

from __future__ import annotations

from typing import Any, Literal

from chalicelib.routing import presets
from chalicelib.routing.hours import DAYS
from infra.movers.moving import Answers, Move, Moved, Row, without_none
from infra.movers.profiles import occupancy_profile
from infra.movers.references import settle

CHANNELS = {"TASK": "work_item", "VOICE": "voice", "CHAT": "messaging", "EMAIL": "email"}
_SERVER = ("LastModifiedTime", "LastModifiedRegion", "Tags", "Description", "InstanceId")


def move(answers: Answers) -> Moved:
    """A tenant's document from what Amazon Connect answers."""
    return _Connect(answers).document()


class _Connect:
    def __init__(self, answers: Answers) -> None:
        self.move = Move(answers)
        self.serving: dict[str, list[tuple[str, str, int]]] = {}
        """Routing profile id → queue, channel and delay (seconds) of everything it serves."""

    def document(self) -> Moved:
        hours = [
            self._hours(row)
            for row in self._rows("search-hours-of-operations", "HoursOfOperations", "HoursOfOperationArn")
        ]
        profiles = [self._routing_profile(row) for row in self._rows("search-routing-profiles", "RoutingProfiles",
                    "RoutingProfileArn", "NumberOfAssociatedQueues", "NumberOfAssociatedUsers", "IsDefault",
                    "AssociatedQueueIds")]  # fmt: skip
        queues = [queue for row in self._rows("search-queues", "Queues", "QueueArn") for queue in self._queues(row)]
        document = {
            "queues": queues,
            "agents": [self._agent(row) for row in self._rows("search-users", "Users", "Arn", name="Username")],
            "occupancy_profiles": profiles,
            "business_hours": hours,
        }
        self.move.leave(
            "contact flows", "how contacts come to their queues", "Write a flow; Connect's are of another kind."
        )
        settle(self.move, document)
        return self.move.done(document)

    def _rows(self, path: str, key: str, *server: str, name: str = "Name") -> list[Row]:
        return self.move.rows(path, key, name, *_SERVER, *server)

    def _hours(self, row: Row) -> dict[str, Any]:
        name = row.take("Name", "")
        weekly: dict[str, list[dict[str, str]]] = {}
        for each in row.rows("Config"):
            named = each.needed("Day", str).lower()
            if named not in DAYS:
                self.move.drop(each, f"day {named}", "There is no such day.")
                continue
            day = DAYS.index(named)
            start, end = _clock(each.within("StartTime")), _clock(each.within("EndTime"))
            if end == "00:00" or start < end:
                weekly.setdefault(DAYS[day], []).append({"start": start, "end": end})
            else:  # past midnight, or around the clock
                weekly.setdefault(DAYS[day], []).append({"start": start, "end": "00:00"})
                weekly.setdefault(DAYS[(day + 1) % 7], []).append({"start": "00:00", "end": end})
        hours_id = self.move.identifier("business_hours", row.take("HoursOfOperationId"))
        timezone = row.take("TimeZone", "UTC")
        return {"business_hours_id": hours_id, "business_hours_name": name, "timezone": timezone, "weekly": weekly}

    def _routing_profile(self, row: Row) -> dict[str, Any]:
        theirs = row.take("RoutingProfileId")
        concurrency: dict[str, tuple[int, Literal["any", "own"]]] = {}
        for each in row.rows("MediaConcurrencies"):
            own = each.within("CrossChannelBehavior").take("BehaviorType") == "ROUTE_CURRENT_CHANNEL_ONLY"
            channel = each.take("Channel")
            if channel in CHANNELS:
                concurrency[CHANNELS[channel]] = (each.take("Concurrency", 0), "own" if own else "any")
            else:
                self.move.leave(each.where, f"channel {channel}", "It is none of Interleave's.")
        row.ignore("Name")
        row.ignore("DefaultOutboundQueueId")
        if row.take("AgentAvailabilityTimer") == "TIME_SINCE_LAST_INBOUND":
            why = "Idle is, here, since the agent last held work of any kind."
            self.move.leave(row.where, "idle since the last inbound contact", why)
        self._serve(theirs)
        profile_id = self.move.identifier("routing profile", theirs)
        return occupancy_profile(self.move, profile_id, presets.connect(concurrency))

    def _serve(self, theirs: str) -> None:
        path = f"routing-profiles/{theirs}/queues"
        priorities = set()
        for row in self.move.rows(path, "RoutingProfileQueueConfigSummaryList", "QueueName", "QueueArn", "QueueName"):
            channel = row.take("Channel")
            priorities.add(row.take("Priority", 1))
            served = (row.take("QueueId"), CHANNELS.get(channel, "work_item"), row.take("Delay", 0))
            self.serving.setdefault(theirs, []).append(served)
        if len(priorities) > 1:
            why = "Priority is the work's here. Let a flow set it, or the queues' consumer routing profiles."
            self.move.leave(path, "which queue an agent's work comes from first", why)

    def _queues(self, row: Row) -> list[dict[str, Any]]:
        theirs, name = row.take("QueueId"), row.take("Name", "")
        hours, most = row.take("HoursOfOperationId"), row.take("MaxContacts")
        if row.take("Status", "ENABLED") != "ENABLED":
            self.move.drop(row, "the queue", "It is disabled.")
            return []
        if most:
            why = "What comes beyond it goes, in Connect, where the flow says: name an `overflow`."
            self.move.leave(row.where, f"MaxContacts {most}", why)
        served = [each for serving in self.serving.values() for each in serving if each[0] == theirs]
        channels = sorted({channel for _, channel, _ in served}, key=list(CHANNELS.values()).index) or ["work_item"]
        return [
            without_none(
                {
                    "queue_id": self._queue_id(theirs, channel),
                    "queue_name": name if len(channels) == 1 else f"{name} ({channel})",
                    "channel": channel,
                    "business_hours_id": self.move.identifier("business_hours", hours) if hours else None,
                    "agent_groups": self._delayed(theirs, channel) or None,
                }
            )
            for channel in channels
        ]

    def _queue_id(self, theirs: str, channel: str) -> str:
        """The queue's own id for the one channel it serves, or for its first; another for every further one."""
        served = {c for serving in self.serving.values() for queue_id, c, _ in serving if queue_id == theirs}
        first = min(served, key=list(CHANNELS.values()).index, default=channel)
        return self.move.identifier("queue", theirs if channel == first else f"{channel}-{theirs}")

    def _delayed(self, theirs: str, channel: str) -> list[dict[str, Any]]:
        """The routing profiles that take its work only once it has waited, as groups of agents."""
        return [
            {"group_id": self.move.identifier("routing profile", profile_id), "delay": delay}
            for profile_id, serving in self.serving.items()
            for queue_id, c, delay in serving
            if (queue_id, c) == (theirs, channel) and delay
        ]

    def _agent(self, row: Row) -> dict[str, Any]:
        theirs, who = row.take("Id"), row.within("IdentityInfo")
        name = " ".join(each for each in (who.take("FirstName", ""), who.take("LastName", "")) if each)
        who.ignore("Email", "SecondaryEmail", "Mobile")
        username, profile = row.take("Username", theirs), row.take("RoutingProfileId")
        served = self.serving.get(profile, [])
        profile_id = self.move.identifier("routing profile", profile) if profile else None
        return without_none(
            {
                "user_id": self.move.identifier("user", theirs),
                "display_name": name or username,
                "queues": list(dict.fromkeys(self._queue_id(queue_id, channel) for queue_id, channel, _ in served)),
                "skills": self._skills(theirs),
                "occupancy_profile_id": profile_id,
                "group_id": profile_id if any(delay for _, _, delay in served) else None,
            }
        )

    def _skills(self, theirs: str) -> dict[str, int]:
        """A predefined attribute with a value is the skill `<attribute>=<value>`."""
        rows = self.move.rows(f"users/{theirs}/proficiencies", "UserProficiencyList", "AttributeName")
        return {
            f"{row.take('AttributeName')}={row.take('AttributeValue')}": max(round(row.take("Level", 1)), 1)
            for row in rows
        }


def _clock(row: Row) -> str:
    return f"{row.take('Hours', 0, int):02d}:{row.take('Minutes', 0, int):02d}"
