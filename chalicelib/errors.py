"""The closed family of errors that Interleave answers with.

The docstring of each class is its title. `chalicelib.http.problems` is the one place that turns them
into problem documents; the pure rooms only raise them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class InterleaveError(Exception):
    """Something went wrong."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass
class FieldError:
    """One thing wrong with the input: a JSON pointer (or `query/name`, `header/name`) and what to do about it."""

    pointer: str
    message: str


@dataclass
class InvalidRequest(InterleaveError):
    """The request is not valid."""

    errors: list[FieldError] = field(default_factory=list)


@dataclass
class NotAuthenticated(InterleaveError):
    """The bearer token or the client's credentials are missing or not valid."""


@dataclass
class NotAllowed(InterleaveError):
    """The caller may not do this."""

    missing_scope: str | None = None


@dataclass
class NoAgent(InterleaveError):
    """Only an agent can own work."""


@dataclass
class NotFound(InterleaveError):
    """There is no such thing, or it is not the caller's."""


@dataclass
class DuplicateWork(InterleaveError):
    """The same work is already active."""

    existing_engagement_id: str
    state: str


@dataclass
class WrongState(InterleaveError):
    """The engagement's state does not allow this command."""

    state: str
    version: int


@dataclass
class StaleOffer(InterleaveError):
    """The offer is no longer open."""

    state: str
    version: int


@dataclass
class NoCapacity(InterleaveError):
    """The agent has no room for this engagement."""


@dataclass
class TransferRefused(InterleaveError):
    """The engagement may not be transferred there."""


@dataclass
class StillInUse(InterleaveError):
    """It holds work that nobody would see to any more."""

    count: int


@dataclass
class CredentialsInUse(InterleaveError):
    """Other credentials stand in the way."""


@dataclass
class LostRace(InterleaveError):
    """Somebody else changed it at the same moment; read it again and repeat."""


@dataclass
class VersionMismatch(InterleaveError):
    """The If-Match header names a version that is no longer the current one."""

    version: int


@dataclass
class TooManyRequests(InterleaveError):
    """The caller asks too often."""

    retry_after: int
    """Seconds."""


@dataclass
class KeyReused(InterleaveError):
    """The Idempotency-Key was used before with another request."""
