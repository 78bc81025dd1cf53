"""Words for tests of flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.configuration.document import read
from chalicelib.configuration.tenant import Tenant
from chalicelib.flows.interpreter import answered_by, run
from chalicelib.flows.questions import Answer, Outcome, Question
from tests.support.worlds import NOW, TENANT

OFFICE = {
    "business_hours_id": "office",
    "timezone": "Europe/Paris",
    "weekly": {
        day: [{"start": "09:00", "end": "17:00"}] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    },
}
SURROUNDINGS: dict[str, Any] = {
    **TENANT,
    "business_hours": [OFFICE],
    "systems_of_record": [{"system_id": "crm", "url": "https://crm.example.com/api"}],
    "consumer_lists": [{"consumer_list_id": "vip", "consumers": ["C-77", "boss@example.com"]}],
}


def tenant_with(*steps: Mapping[str, Any], **changes: Any) -> Tenant:
    """A tenant whose first flow has these steps."""
    return read(document_with(*steps, **changes))


def document_with(*steps: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    first = {
        **TENANT["flows"][0],
        "versions": [{"flow_version": 1, "status": "published", "steps": list(steps), **changes.pop("version", {})}],
    }
    return {**SURROUNDINGS, "flows": [first, TENANT["flows"][1], *changes.pop("flows", [])], **changes}


def outcome(tenant: Tenant, variables: Mapping[str, Any] | None = None, now: int = NOW, **answers: Answer) -> Outcome:
    """What the first flow makes of the variables; answers by the name of the step that asks."""

    def answer(question: Question) -> Answer:
        return answers[question.step]

    return answered_by(answer, run(tenant.flows[0].versions[0], variables or {}, tenant.setting, now))
