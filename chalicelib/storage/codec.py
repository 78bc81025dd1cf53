"""Documents in rows: dataclasses as compact JSON, compressed where that makes the row smaller.

A write is billed by the kilobyte, so a row that stays under one costs what an empty one costs.
"""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from chalicelib.engagements.model import Engagement, Event, Note, Occupancy
from chalicelib.events.catalogue import PublicEvent
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.facts import Fact
from chalicelib.reporting.history import Night
from chalicelib.reporting.rollup import Cell
from chalicelib.routing.model import Waiting
from chalicelib.storage.protocol import Archiving, Attempt, Client, Configuration, Receipt, SigningKeys, Stamp

T = TypeVar("T")
COMPRESS_ABOVE = 600
"""Bytes of JSON that fit beside a row's keys without compression."""
LARGEST_PART = 350 * 1024
"""Bytes of a document in one row; DynamoDB takes rows of up to 400 KB."""
DICTIONARY = (
    b'"work_item_desc":"work_item_due_date":"work_item_origin":"work_item_priority":"work_item_type":"ticket"'
    b'"work_item_hyperlink":"https://"variables":[{"name":"global_custom.","value":""language_code":"en-US"'
    b'"consumer_display_name":"consumer_external_id":"consumer_email":"consumer_number":"+"consumer_id":"'
    b'"assigned_at":"parked_ms":"wrap_up_at":"closed_at":"end_reason":"completed","disposition":"offer":'
    b'{"offer_id":"","agent_id":"","offered_at":"expires_at":"channel":"work_item","queue_id":"flow":{"flow_id":"'
    b'"flow_name":"flow_version":1,"flow_entry_id":"started_at":"queued_at":"started_by":"integration:"priority":'
    b'"skills":[{"skill":"","level":"content":{"work_item_variables":{"work_item_name":"work_item_id":""'
    b'"trail":[[1,17"start","queued","integration:"[2,17"offer","offered","system:router","{"waited_ms":'
    b'[3,17"accept","assigned","agent:"{"waited_ms":"rang_ms":[4,17"close","closed","handled_ms":"wrapped_ms":'
    b'{"engagement_id":"version":"state":"assigned""queued""offered"'
)
"""What most engagements say alike. Never change it: rows were written with it; add a new one beside it."""


class Document(Generic[T]):
    """How one kind of dataclass is written to and read from a row."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        """Built when it is first needed: no function needs them all."""
        return TypeAdapter(self._kind)

    def dump(self, value: T) -> str | bytes:
        """Text, or compressed bytes where they are smaller."""
        raw = self._adapter.dump_json(value, exclude_defaults=True)
        if len(raw) <= COMPRESS_ABOVE:
            return raw.decode()
        packer = zlib.compressobj(level=9, zdict=DICTIONARY)
        return packer.compress(raw) + packer.flush()

    def load(self, stored: str | bytes) -> T:
        """What `dump` was given."""
        if isinstance(stored, bytes):
            stored = zlib.decompressobj(zdict=DICTIONARY).decompress(stored)
        return self._adapter.validate_json(stored)


ENGAGEMENT = Document(Engagement)
OCCUPANCY = Document(Occupancy)
WAITING = Document(Waiting)
COVERAGE = Document(Coverage)
NIGHT = Document(Night)
ARCHIVING = Document(Archiving)
CELLS: Document[list[Cell]] = Document(list[Cell])
FACTS: Document[list[Fact]] = Document(list[Fact])
RECEIPT = Document(Receipt)
CLIENT = Document(Client)
SIGNING_KEYS = Document(SigningKeys)
NOTE = Document(Note)
ATTEMPT = Document(Attempt)
PUBLIC_EVENT = Document(PublicEvent)
CONFIGURATION = Document(Configuration)
STAMP = Document(Stamp)
EVENTS: Document[list[Event]] = Document(list[Event])
