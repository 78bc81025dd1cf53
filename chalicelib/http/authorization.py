"""Who may do what. One pure function, deny by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chalicelib.configuration.shared import Supervised
from chalicelib.errors import NotAllowed, NotFound

Role = Literal["integration", "agent", "supervisor", "admin"]
Reach = Literal["own", "any"]
ROLES: tuple[Role, ...] = ("integration", "agent", "supervisor", "admin")


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, from a verified token."""

    role: Role
    subject: str
    """The user id of a person, and of an agent's client; for every other role the client id."""
    scopes: frozenset[str] = frozenset()
    supervised: Supervised | None = None
    """Whom and what a supervisor of teams looks after; everything where it is not given."""

    @property
    def actor(self) -> str:
        """How the caller is named in the history."""
        return f"{self.role}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Resource:
    """What an action is done to: the agents whose hands it is in or who take part, who started it, and its queue."""

    agents: tuple[str, ...] = ()
    started_by: str | None = None
    queue_id: str | None = None
    """Where it waits, or came from."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The scope that an action needs, and how far each role reaches. A role that is not named may not."""

    scope: str
    reach: Mapping[Role, Reach]


ACTIONS: Mapping[str, Rule] = {
    "engagement.start": Rule(
        "contact_center_engagement:write:admin",
        {"integration": "any", "agent": "any", "supervisor": "any", "admin": "any"},
    ),
    "engagement.read": Rule(
        "contact_center_engagement:read:admin",
        {"integration": "own", "agent": "own", "supervisor": "any", "admin": "any"},
    ),
    "engagement.update": Rule(
        "contact_center_engagement:write:admin",
        {"integration": "own", "agent": "own", "supervisor": "any", "admin": "any"},
    ),
    "engagement.handle": Rule("contact_center_engagement:write:admin", {"agent": "own", "supervisor": "any"}),
    "engagement.observe": Rule(
        "contact_center_engagement:write:admin",
        {"agent": "own", "supervisor": "any"},
    ),
    "engagement.explain": Rule(
        "contact_center_engagement:read:admin",
        {"supervisor": "any", "admin": "any"},
    ),
    "assignment.read": Rule("contact_center_engagement:read:admin", {"agent": "own", "supervisor": "own"}),
    "assignment.pull": Rule("contact_center_engagement:write:admin", {"agent": "own", "supervisor": "own"}),
    "assignment.answer": Rule("contact_center_engagement:write:admin", {"agent": "own", "supervisor": "own"}),
    "agent.explain": Rule(
        "contact_center_engagement:read:admin",
        {"agent": "own", "supervisor": "any", "admin": "any"},
    ),
    "status.read": Rule("contact_center_user:read:admin", {"agent": "own", "supervisor": "any", "admin": "any"}),
    "status.set": Rule("contact_center_user:write:admin", {"agent": "own", "supervisor": "any", "admin": "any"}),
    "occupancy.report": Rule(
        "contact_center_user:write:admin",
        {"integration": "any", "agent": "own", "supervisor": "any", "admin": "any"},
    ),
    "report.read": Rule(
        "contact_center_report:read:admin",
        {"integration": "any", "agent": "own", "supervisor": "any", "admin": "any"},
    ),
    "report.check": Rule("contact_center_report:read:admin", {"admin": "any"}),
    "report.rebuild": Rule("contact_center_report:write:admin", {"admin": "any"}),
    "self.read": Rule("contact_center_user:read:admin", {"agent": "own", "supervisor": "any", "admin": "any"}),
    "statistics.read": Rule("contact_center_report:read:admin", {"supervisor": "any", "admin": "any"}),
    "consumer.export": Rule("contact_center_consumer:read:admin", {"admin": "any"}),
    "consumer.erase": Rule("contact_center_consumer:write:admin", {"admin": "any"}),
    "client.read": Rule("contact_center_client:read:admin", {"admin": "any"}),
    "client.write": Rule("contact_center_client:write:admin", {"admin": "any"}),
    "configuration.read": Rule("contact_center_configuration:read:admin", {"supervisor": "any", "admin": "any"}),
    "configuration.write": Rule("contact_center_configuration:write:admin", {"admin": "any"}),
}


def authorize(principal: Principal, action: str, resource: Resource | None = None, scope: str | None = None) -> None:
    """Return if the principal may do this, to this. Without a resource, only whether he may do it at all.

    `scope`: a narrower one that does instead of the action's.

    Raises `NotAllowed` for the action itself; `NotFound` for an object that is somebody else's, as if it
    were not there.
    """
    rule = ACTIONS[action]
    reach = rule.reach.get(principal.role)
    if reach is None:
        raise NotAllowed(f"The role {principal.role} may not do this.")
    if rule.scope not in principal.scopes and scope not in principal.scopes:
        raise NotAllowed(f"The token lacks the scope {rule.scope}.", rule.scope)
    if resource is not None and not owns(principal, action, resource):
        raise NotFound("No such thing, or not yours.")


def default_scopes(role: Role) -> tuple[str, ...]:
    """Every scope that the role can make use of, but for reports to an integration, which asks for them."""
    kept_back = {ACTIONS["report.read"].scope} if role == "integration" else set()
    return tuple(sorted(usable_scopes(role) - kept_back))


def usable_scopes(role: Role) -> frozenset[str]:
    """Every scope that the role can make use of."""
    return frozenset(rule.scope for rule in ACTIONS.values() if role in rule.reach)


def owns(principal: Principal, action: str, resource: Resource) -> bool:
    """Whether an object is within a role's reach, where the role may do this at all."""
    if not _looks_after(principal, resource):
        return False
    if ACTIONS[action].reach[principal.role] == "any":
        return True
    if principal.role == "integration":
        return resource.started_by == principal.actor
    return principal.subject in resource.agents


def _looks_after(principal: Principal, resource: Resource) -> bool:
    """Whether it is in his agents' hands or in a queue that they serve; whoever is no supervisor of teams may go on."""
    mine = principal.supervised
    return mine is None or not mine.agents.isdisjoint(resource.agents) or resource.queue_id in mine.queues
