"""What goes wrong, and what to do next."""

from __future__ import annotations

from typing import Any

from infra.client import Reply


class Failed(Exception):
    """A command cannot go on: what happened, the places at fault, and the next step."""

    def __init__(self, message: str, step: str = "", places: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.step = step
        self.places = places

    def document(self) -> dict[str, Any]:
        """The same for a program."""
        return {"error": self.message, "places": list(self.places), "next": self.step}


def refused(reply: Reply) -> Failed:
    """What the API refused, in its own words."""
    problem = reply.body if isinstance(reply.body, dict) else {}
    places = tuple(f"{each.get('pointer', '/')}: {each.get('message', '')}" for each in problem.get("errors", ()))
    step = problem.get("remedy", "")
    if "missing_scope" in problem:
        step = f"Use a client with the scope {problem['missing_scope']}: --as, or INTERLEAVE_CLIENT_ID and …_SECRET."
    elif reply.status >= 500:
        step = f"Try again; if it stays, look for the request {problem.get('request_id', '')} in the logs."
    return Failed(problem.get("detail") or f"The API answered {reply.status}.", step, places)
