"""Interleave, put together: which event calls what. No logic lives here.

Each function imports what it handles with when it is called, so that the API does not pay for the others.
"""

import gc
import os

gc.disable()  # an import makes nothing but what stays: looking for garbage in between took an eighth of the start

from typing import Any

from chalice.app import CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib import bootstrap
from chalicelib.http.application import Application

app = Application(app_name="interleave", world=bootstrap.world)
if "AWS_CHALICE_CLI_MODE" in os.environ:  # the packager describes every route to a REST API
    app.open_all()


@app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:doorbell", name="router", batch_size=10)
def router(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.handlers import doorbell

    return doorbell.answer(bootstrap.world_of(event), event.to_dict()["Records"])


@app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:deliveries", name="deliverer", batch_size=5)
def deliverer(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.handlers import deliver

    return deliver.take(bootstrap.world_of(event), event.to_dict()["Records"])


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweeper")
def sweeper(event: CloudWatchEvent) -> None:
    from chalicelib.handlers import schedule

    schedule.run(bootstrap.world_of(event))


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/interleave/stream/2026",
    name="recorder",
    batch_size=100,
)
def recorder(event: DynamoDBEvent) -> dict[str, Any]:
    from chalicelib.handlers import stream

    return stream.take_in(bootstrap.world_of(event), event.to_dict()["Records"])


gc.freeze()  # nor is any of it looked at again
gc.enable()
