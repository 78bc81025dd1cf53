"""Personal data is where it belongs and nowhere else: it sings when it gets into a log, an event or an error.

What the tests' requests say of people and their business is made of these strings. Whatever leaves the rows of the work
itself is searched for them: messages, events kept and published, posts to webhooks, facts, problem documents, and
all that a test prints, logs and metrics among it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

CONSUMER = {
    "consumer_display_name": "Jill Chill",
    "consumer_external_id": "C-77",
    "consumer_email": "jill@example.com",
    "consumer_number": "+1234561212",
}
DESCRIPTION = "It does not work"
TRANSCRIPT = "https://example.com/transcript"
HYPERLINK = "crm.example.com/case/1"
VARIABLES = ({"name": "global_custom.ticket.group", "value": "Group 70"},)
STRINGS = (*CONSUMER.values(), DESCRIPTION, TRANSCRIPT, HYPERLINK, *(each["value"] for each in VARIABLES))
WATCHED = ("ring", "announce", "publish", "deliver", "bury", "keep_events", "keep_attempt", "record")
"""What a transport sends, and what a store keeps beside the work."""

leaks: list[str] = []
"""What the running test has let out."""


def found_in(text: str) -> list[str]:
    """The strings in it."""
    return [each for each in STRINGS if each in text]


def search(where: str, what: Any) -> None:
    """Note what should not be there."""
    leaks.extend(f"{each!r} in {where}" for each in found_in(what if isinstance(what, str) else repr(what)))


def watch(sender: Any) -> None:
    """From now on, search what goes through a store or a transport, and through its copies."""
    sender.__class__ = _watched(type(sender))


@cache
def _watched(kind: type) -> type:
    """By a subclass: a method put on the object would still act on the original when it is called on a copy."""
    names = [name for name in WATCHED if hasattr(kind, name)]
    return type(kind.__name__, (kind,), {name: _searching(name, getattr(kind, name)) for name in names})


def _searching(name: str, method: Any) -> Any:
    def searched(self: Any, *arguments: Any, **named: Any) -> Any:
        given = [list(each) if isinstance(each, Iterator) else each for each in arguments]
        search(name, (given, named))
        return method(self, *given, **named)

    return searched
