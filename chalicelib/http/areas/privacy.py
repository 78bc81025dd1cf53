"""One consumer's data: export and erasure."""

from __future__ import annotations

from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import ExportConsumer, IdentifyConsumer
from chalicelib.operations import privacy


def export_consumer(call: Call[ExportConsumer]) -> Answer:
    start = 0 if call.body.from_ is None else wire.moment(call.body.from_)
    records, onward = privacy.export(call.world, call.body.identity(), start)
    engagements = [
        {
            **wire.engagement(each.engagement),
            "events": [wire.event(event) for event in each.events],
            "notes": [wire.note(note) for note in each.notes],
        }
        for each in records
    ]
    return Answer(200, {"engagements": engagements, "next_from": wire.time_text(onward)})


def erase_consumer(call: Call[IdentifyConsumer]) -> Answer:
    done = privacy.erase(call.world, call.body.identity(), call.principal.actor)
    return Answer(200, {"erased": done.erased, "still_open": done.still_open, "more": done.more})


_CONSUMERS = "/v2/contact_center/consumers"

ENDPOINTS = (
    Endpoint(
        "POST",
        f"{_CONSUMERS}/export",
        "consumer.export",
        "Hand out what is kept of one consumer, oldest first",
        export_consumer,
        body=ExportConsumer,
    ),
    Endpoint(
        "POST",
        f"{_CONSUMERS}/erase",
        "consumer.erase",
        "Forget what the closed engagements of one consumer said",
        erase_consumer,
        body=IdentifyConsumer,
    ),
)
