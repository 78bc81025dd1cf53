"""The store on DynamoDB: one table, one sparse index, as laid out in DESIGN.md 4.

A row is a document (`doc`) beside the few attributes that conditions, the index and TTL need.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from chalicelib.engagements.model import Change, Engagement, Event, Note, Occupancy, work_key_of
from chalicelib.errors import LostRace, TooManyRequests
from chalicelib.events.catalogue import PublicEvent
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.facts import Dataset, Fact, once
from chalicelib.reporting.history import Night
from chalicelib.reporting.intervals import QUARTER_MS, quarter_of
from chalicelib.reporting.rollup import Cell
from chalicelib.routing.model import Waiting
from chalicelib.routing.rank import rank_key
from chalicelib.storage import codec, segments
from chalicelib.storage.protocol import (
    NOTHING,
    Attempt,
    Client,
    Configuration,
    History,
    Receipt,
    Refused,
    Replayed,
    SigningKeys,
    Stamp,
    Started,
    Visit,
)
from chalicelib.storage.segments import Segment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
Item = dict[str, Any]
Key = tuple[str, str]

DAY = 86_400
FACT_RETENTION_DAYS = 400
OPEN_HISTORY_DAYS = 400
"""How long the history of work that is still open is kept; it holds no content."""
VISIT_RETENTION_DAYS = 800
"""A visit is written when its engagement starts, and must outlast it."""
TOMBSTONE_DAYS = 30
"""How long a late message can bring back what was to be forgotten, and more."""
EVENT_RETENTION_DAYS = 7
WRITES_PER_TRANSACTION = 20
"""Most changes are two writes. More changes would fail together more often than they would save."""
CONFLICT_ATTEMPTS = 6
THROTTLED = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")
RESTORED = "restored"
"""An attribute of a row that was put back from a backup: nothing happened to it. Its next version has it no more."""
_CURRENT: Key = ("CONFIG", "CURRENT")
_COVERAGE: Key = ("ROLLUP", "COVERAGE")
_NIGHT: Key = ("ROLLUP", "NIGHT")
_SIGNING_KEYS: Key = ("SECRET", "SIGNING_KEYS")


class DynamoStore:
    """`Store` on a table. `shards` spreads the hot keys of the index and of the facts; it may grow, never shrink.

    `cause` is asked for the id of the request that is at work: the stream's reader learns from it what made a version.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        index: str = "by_work",
        shards: int = 1,
        pause: Callable[[float], None] = time.sleep,
        cause: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._client = client
        self._table = table
        self._index = index
        self._shards = shards
        self._pause = pause
        self._cause = cause
        client.meta.events.register("after-call.dynamodb", _too_busy)

    # Engagements

    def start(self, engagement: Engagement, receipt: Receipt | None) -> Started | Replayed | Refused:
        head = self._put(
            self._head(engagement),
            "attribute_not_exists(pk) OR #state = :closed",
            {"#state": "state"},
            {":closed": {"S": "closed"}},
        )
        if receipt is None:
            refused = self._try_put(head)
            return Started() if refused is None else _refused(refused, engagement)
        key = {
            **_key(_receipt_key(receipt.key)),
            "doc": _stored(codec.RECEIPT.dump(receipt)),
            "expires_at": _n(receipt.expires_at),
        }
        remember = self._put(
            key,
            "attribute_not_exists(pk) OR expires_at < :now",
            {},
            {":now": _n(receipt.started_at // 1000)},
        )
        reasons = self._transact([{"Put": head}, {"Put": remember}])
        if reasons is None:
            return Started()
        if "Item" in reasons[1]:
            known = codec.RECEIPT.load(_loaded(reasons[1]["Item"]["doc"]))
            return Started() if known.engagement_id == receipt.engagement_id else Replayed(known)
        return _refused(reasons[0]["Item"], engagement)

    def commit(self, change: Change) -> None:
        puts = self._puts(change)
        if len(puts) == 1:
            old = self._try_put(puts[0])
            olds = [old] if old is not None else []
        else:
            reasons = self._transact([{"Put": put} for put in puts])
            olds = [] if reasons is None else [reason.get("Item", {}) for reason in reasons]
        if olds and not all(_same(put["Item"], old) for put, old in zip(puts, olds, strict=True)):
            raise LostRace("Somebody else changed it at the same moment.")

    def commit_all(self, changes: Sequence[Change]) -> list[bool]:
        held: list[bool] = []
        for chunk in _batches(changes):
            puts = [{"Put": put} for change in chunk for put in self._puts(change)]
            if len(chunk) > 1 and self._transact(puts) is None:
                held.extend([True] * len(chunk))
            else:
                held.extend(self._commits(change) for change in chunk)
        return held

    def enlist(self, waiting: Waiting) -> bool:
        shard = self._shard(waiting.engagement_id)
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(_head_key(waiting.engagement_id)),
                UpdateExpression="SET gpk = :gpk, gsk = :gsk, waiting = :waiting",
                ConditionExpression="engagement_id = :id AND version = :version",
                ExpressionAttributeValues={
                    ":gpk": {"S": f"WAIT#{waiting.queue_id}#{shard}"},
                    ":gsk": {"S": rank_key(waiting)},
                    ":waiting": _stored(codec.WAITING.dump(waiting)),
                    ":id": {"S": waiting.engagement_id},
                    ":version": _n(waiting.version),
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def engagement(self, engagement_id: str) -> Engagement | None:
        key = work_key_of(engagement_id)
        found = self.last_of_work(key) if key else None
        return found if found and found.engagement_id == engagement_id else None

    def engagements(self, engagement_ids: Iterable[str]) -> dict[str, Engagement]:
        wanted = {each for each in engagement_ids if work_key_of(each)}
        items = self._batch_get({_head_key(each) for each in wanted})
        found = (_engagement(item) for item in items)
        return {each.engagement_id: each for each in found if each.engagement_id in wanted}

    def last_of_work(self, work_key: str) -> Engagement | None:
        item = self._get((f"WORK#{work_key}", "HEAD"))
        return _engagement(item) if item else None

    def receipt(self, key: str, now: int) -> Receipt | None:
        item = self._get(_receipt_key(key))
        return codec.RECEIPT.load(_loaded(item["doc"])) if item and int(item["expires_at"]["N"]) >= now else None

    def waiting(self, queue_id: str, most: int | None = None) -> list[Waiting]:
        items = [
            item
            for shard in range(self._shards)
            for item in islice(self._indexed(f"WAIT#{queue_id}#{shard}", most=most), most)
        ]
        items.sort(key=lambda item: str(item["gsk"]["S"]))
        return [codec.WAITING.load(_loaded(item["waiting"])) for item in items[:most]]

    def due(self, now: int) -> list[Engagement]:
        keys = [
            (str(item["pk"]["S"]), str(item["sk"]["S"]))
            for shard in range(self._shards)
            for item in self._indexed(f"DUE#{shard}", upto=f"{now:014d}")
        ]
        return [_engagement(item) for item in self._batch_get(keys)]

    # Agents

    def occupancies(self, agent_ids: Iterable[str]) -> dict[str, Occupancy]:
        found = {each: Occupancy(each) for each in agent_ids}
        for item in self._batch_get({(f"AGENT#{each}", "OCCUPANCY") for each in found}):
            occupancy = codec.OCCUPANCY.load(_loaded(item["doc"]))
            found[occupancy.agent_id] = occupancy
        return found

    def present(self) -> list[str]:
        return [str(item["gsk"]["S"]) for shard in range(self._shards) for item in self._indexed(f"AGENTS#{shard}")]

    def beat(self, agent_id: str, at: int) -> None:
        row = {**_key(_beat_key(agent_id)), "at": _n(at), "expires_at": _n(at // 1000 + DAY)}
        self._client.put_item(TableName=self._table, Item=row)

    def beats(self, agent_ids: Iterable[str]) -> dict[str, int]:
        found = dict.fromkeys(agent_ids, 0)
        for item in self._batch_get({_beat_key(each) for each in found}):
            found[str(item["pk"]["S"]).removeprefix("AGENT#")] = int(item["at"]["N"])
        return found

    def claim(self, key: str, window: int, most: int, until: int) -> bool:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key((key, f"WINDOW#{window:014d}")),
                UpdateExpression="ADD taken :one SET expires_at = :until",
                ConditionExpression="attribute_not_exists(taken) OR taken < :most",
                ExpressionAttributeValues={":one": _n(1), ":most": _n(most), ":until": _n(until)},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    # History and facts

    def add_note(self, note: Note, until: int) -> None:
        row = {
            "pk": {"S": f"WORK#{work_key_of(note.engagement_id)}"},
            "sk": {"S": f"N#{note.engagement_id}#{note.at:014d}#{note.note_id}"},
            "doc": _stored(codec.NOTE.dump(note)),
            "expires_at": _n(until // 1000),
        }
        self._client.put_item(TableName=self._table, Item=row)

    def notes(self, engagement_id: str) -> list[Note]:
        return [codec.NOTE.load(_loaded(row["doc"])) for row in self._beside("N", engagement_id)]

    def end_notes(self, engagement: Engagement) -> None:
        assert engagement.expires_at is not None
        for row in self._beside("N", engagement.engagement_id):
            self._expire((row["pk"]["S"], row["sk"]["S"]), engagement.expires_at // 1000)

    def archive(self, engagement: Engagement, events: Sequence[Event]) -> None:
        until = engagement.expires_at or events[-1].at + OPEN_HISTORY_DAYS * DAY * 1000
        row = {
            "pk": {"S": f"WORK#{engagement.work_key}"},
            "sk": {"S": f"V#{engagement.engagement_id}#{events[0].version:08d}"},
            "doc": _stored(codec.ENGAGEMENT.dump(engagement.without_content())),
            "events": _stored(codec.EVENTS.dump(list(events))),
            "expires_at": _n(until // 1000),
        }
        if engagement.closed_at is not None:
            whole = {**row, "doc": _stored(codec.ENGAGEMENT.dump(engagement))}
            forgotten = self._unless({"sk": {"S": f"E#{engagement.engagement_id}"}, "pk": row["pk"]})
            if self._transact([{"Put": {"TableName": self._table, "Item": whole}}, forgotten]) is None:
                return
        self._client.put_item(TableName=self._table, Item=row)

    def archived(self, engagement_id: str) -> tuple[Engagement | None, list[Event]]:
        rows = list(self._beside("V", engagement_id))
        events = [event for row in rows for event in codec.EVENTS.load(_loaded(row["events"]))]
        return (_engagement(rows[-1]) if rows else None), events

    def histories(self, after: str, most: int) -> tuple[list[History], str | None]:
        seen = after.split("\t") if after else []
        start = {"ExclusiveStartKey": _key((seen[0], seen[1]))} if seen else {}
        page = self._client.scan(
            TableName=self._table,
            Limit=most,
            FilterExpression="begins_with(pk, :work) AND (sk = :head OR begins_with(sk, :kept))",
            ExpressionAttributeValues={":work": {"S": "WORK#"}, ":head": {"S": "HEAD"}, ":kept": {"S": "V#"}},
            **start,  # type: ignore[arg-type]
        )
        last = page.get("LastEvaluatedKey")
        works: dict[str, list[Item]] = {}
        for row in page["Items"]:
            works.setdefault(row["pk"]["S"], []).append(row)
        for pk in seen[:1]:
            works.pop(pk, None)  # the call before has read it to its end
        if last is not None and last["pk"]["S"].startswith("WORK#") and last["pk"]["S"] not in seen:
            pk = last["pk"]["S"]
            works[pk] = [row for row in self._query(pk, "H", "W") if row["sk"]["S"][:2] in ("HE", "V#")]
        found = [history for rows in works.values() for history in _histories(rows)]
        return found, None if last is None else f"{last['pk']['S']}\t{last['sk']['S']}"

    def forget(self, engagement_id: str, at: int) -> None:
        tombstone = _key((f"WORK#{work_key_of(engagement_id)}", f"E#{engagement_id}"))
        expires_at = _n(at // 1000 + TOMBSTONE_DAYS * DAY)
        self._client.put_item(TableName=self._table, Item={**tombstone, "expires_at": expires_at})
        self._put_all(
            {**row, "doc": _stored(codec.ENGAGEMENT.dump(_engagement(row).without_content()))}
            for row in self._beside("V", engagement_id)
        )
        self._delete_all((row["pk"]["S"], row["sk"]["S"]) for row in self._beside("N", engagement_id))

    def record(self, facts: Sequence[Fact], visits: Sequence[Visit] = (), late: Collection[int] = ()) -> None:
        packed = list(segments.pack(facts))
        of_visits = (
            {**_key(_visit_key(visit)), "expires_at": _n(visit.at // 1000 + VISIT_RETENTION_DAYS * DAY)}
            for visit in visits
        )
        self._put_all([*map(self._segment, packed), *of_visits])
        self._put_all(
            {**_key(_late_key(segment.quarter)), "mark": {"S": segment.name}}
            for segment in packed
            if segment.quarter in late
        )

    def visits(self, consumer: str) -> list[Visit]:
        found = (str(row["sk"]["S"]).split("#", 1) for row in self._query(f"CONSUMER#{consumer}", "0", "~"))
        return [Visit(consumer, engagement_id, int(at)) for at, engagement_id in found]

    def last_visit(self, consumer: str) -> int | None:
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"CONSUMER#{consumer}"}},
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )
        return next((int(str(row["sk"]["S"]).split("#", 1)[0]) for row in found["Items"]), None)

    def forget_visits(self, visits: Sequence[Visit]) -> None:
        self._delete_all(_visit_key(visit) for visit in visits)

    def facts(self, dataset: Dataset | None, start: int, end: int) -> list[Fact]:
        rows = self._between("FACTS", quarter_of(start), end)
        found = (fact for row in rows for fact in segments.unpack(_loaded(row["doc"])))
        return once(fact for fact in found if dataset in (None, fact.dataset) and start <= fact.at < end)

    def rewrite_facts(self, quarter: int, anew: Callable[[list[Fact]], list[Fact]]) -> None:
        rows = list(self._between("FACTS", quarter, quarter + QUARTER_MS))
        kept = once(fact for row in rows for fact in segments.unpack(_loaded(row["doc"])))
        new = [self._segment(segment) for segment in segments.pack(anew(kept))]
        self._put_all(new)
        stays = {(row["pk"]["S"], row["sk"]["S"]) for row in new}
        self._delete_all({(row["pk"]["S"], row["sk"]["S"]) for row in rows} - stays)

    def keep_rollup(self, dataset: Dataset, series: str, start: int, cells: Sequence[Cell]) -> None:
        expires_at = start // 1000 + FACT_RETENTION_DAYS * DAY
        row = {
            **_key((f"ROLLUP#{dataset}#{series}", f"{start:014d}")),
            **self._whole(codec.CELLS.dump(list(cells)), expires_at),
            "expires_at": _n(expires_at),
        }
        self._client.put_item(TableName=self._table, Item=row)

    def rollups(self, dataset: Dataset, series: str, start: int, end: int) -> list[Cell]:
        rows = self._query(f"ROLLUP#{dataset}#{series}", f"{start:014d}", f"{end - 1:014d}")
        return [cell for row in rows for cell in codec.CELLS.load(self._document(row))]

    def coverage(self) -> Coverage:
        item = self._get(_COVERAGE)
        return codec.COVERAGE.load(_loaded(item["doc"])) if item else Coverage()

    def put_coverage(self, coverage: Coverage) -> Coverage:
        kept = replace(coverage, version=coverage.version + 1)
        self._follow(_COVERAGE, codec.COVERAGE.dump(kept), coverage.version)
        return kept

    def night(self) -> Night:
        item = self._get(_NIGHT)
        return codec.NIGHT.load(_loaded(item["doc"])) if item else Night()

    def put_night(self, night: Night) -> Night:
        kept = replace(night, version=night.version + 1)
        self._follow(_NIGHT, codec.NIGHT.dump(kept), night.version)
        return kept

    def late(self) -> dict[int, str]:
        rows = self._query("LATE", "0", "~")
        return {int(row["sk"]["S"]): str(row["mark"]["S"]) for row in rows if "expires_at" not in row}

    def unmark(self, quarter: int, mark: str) -> None:
        row = {**_key(_late_key(quarter)), "mark": {"S": mark}, "expires_at": _n(quarter // 1000 + DAY)}
        self._try_put(
            self._put(row, "mark = :mark", {}, {":mark": {"S": mark}})
        )  # if more has come meanwhile, it stays

    # What the outside is told

    def webhook_secret(self, webhook_id: str, candidate: str) -> str:
        return self._first((f"SECRET#WEBHOOK#{webhook_id}", "SECRET"), candidate)

    def put_webhook_secret(self, webhook_id: str, secret: str) -> None:
        row = {**_key((f"SECRET#WEBHOOK#{webhook_id}", "SECRET")), "secret": {"S": secret}}
        self._client.put_item(TableName=self._table, Item=row)

    def keep_events(self, events: Sequence[PublicEvent]) -> None:
        self._put_all(
            {
                **_key(self._by_time("EVENTS", event.at, event.subject, event.event_id)),
                "doc": _stored(codec.PUBLIC_EVENT.dump(event)),
                "expires_at": _n(event.at // 1000 + EVENT_RETENTION_DAYS * DAY),
            }
            for event in events
        )

    def events(self, start: int, end: int, most: int) -> list[PublicEvent]:
        rows = islice(self._between("EVENTS", start, end), most)
        return [codec.PUBLIC_EVENT.load(_loaded(row["doc"])) for row in rows]

    def keep_attempt(self, attempt: Attempt) -> None:
        row = {
            **_key((f"WEBHOOK#{attempt.webhook_id}", f"{attempt.at:014d}#{attempt.event_id}#{attempt.number:02d}")),
            "doc": _stored(codec.ATTEMPT.dump(attempt)),
            "expires_at": _n(attempt.at // 1000 + EVENT_RETENTION_DAYS * DAY),
        }
        self._client.put_item(TableName=self._table, Item=row)

    def attempts(self, webhook_id: str, start: int, end: int, most: int) -> list[Attempt]:
        rows = islice(self._query(f"WEBHOOK#{webhook_id}", f"{start:014d}", f"{end - 1:014d}#~"), most)
        return [codec.ATTEMPT.load(_loaded(row["doc"])) for row in rows]

    # The tenant

    def configuration_version(self) -> int:
        item = self._get(_CURRENT)
        return int(item["version"]["N"]) if item else 0

    def configuration(self, version: int) -> Configuration:
        item = self._get(_version_key(version))
        if item is None:
            return Configuration()
        return codec.CONFIGURATION.load(self._document(item))

    def apply(
        self,
        document: Mapping[str, Any],
        seen: int,
        stamp: Stamp = Stamp(),  # noqa: B008 - frozen
        removed: Mapping[str, int] = NOTHING,
    ) -> int:
        version = seen + 1
        dumped = codec.CONFIGURATION.dump(Configuration(version, document, removed))
        keep = {**_key(_version_key(version)), **self._whole(dumped)}
        note = {**_key(_stamp_key(version)), "doc": _stored(codec.STAMP.dump(stamp))}
        switch = self._put(
            {**_key(_CURRENT), "version": _n(version)},
            "version = :seen" if seen else "attribute_not_exists(pk)",
            {},
            {":seen": _n(seen)} if seen else {},
        )
        puts = [{"TableName": self._table, "Item": keep}, {"TableName": self._table, "Item": note}, switch]
        if self._transact([{"Put": put} for put in puts]) is not None:
            raise LostRace("Another configuration was applied at the same moment.")
        return version

    def stamps(self, versions: Iterable[int]) -> dict[int, Stamp]:
        found = self._batch_get(_stamp_key(version) for version in versions)
        return {int(item["sk"]["S"].split("#")[1]): codec.STAMP.load(_loaded(item["doc"])) for item in found}

    def client(self, client_id: str) -> Client | None:
        item = self._get(("CLIENTS", client_id))
        return codec.CLIENT.load(_loaded(item["doc"])) if item else None

    def clients(self) -> list[Client]:
        return [codec.CLIENT.load(_loaded(item["doc"])) for item in self._query("CLIENTS", "!", "~")]

    def put_client(self, client: Client) -> Client:
        kept = replace(client, version=client.version + 1)
        self._follow(("CLIENTS", client.client_id), codec.CLIENT.dump(kept), client.version)
        return kept

    def signing_keys(self) -> SigningKeys:
        item = self._get(_SIGNING_KEYS)
        return codec.SIGNING_KEYS.load(_loaded(item["doc"])) if item else SigningKeys()

    def put_signing_keys(self, keys: SigningKeys) -> SigningKeys:
        kept = replace(keys, version=keys.version + 1)
        self._follow(_SIGNING_KEYS, codec.SIGNING_KEYS.dump(kept), keys.version)
        return kept

    # The calls

    def _first(self, key: Key, candidate: str) -> str:
        """A secret that stays what it was first."""
        known = self._get(key)
        if known is None:
            row = {**_key(key), "secret": {"S": candidate}}
            known = self._try_put(self._put(row, "attribute_not_exists(pk)", {}, {})) or row
        return str(known["secret"]["S"])

    def _follow(self, key: Key, document: str | bytes, seen: int) -> None:
        """Put the next version of a row, if the one seen is still there. Raises `LostRace`."""
        put = self._put(
            {**_key(key), "version": _n(seen + 1), "doc": _stored(document)},
            "version = :seen" if seen else "attribute_not_exists(pk)",
            {},
            {":seen": _n(seen)} if seen else {},
        )
        old = self._try_put(put)
        if old is not None and not _same(put["Item"], old):
            raise LostRace("Somebody else changed it at the same moment.")

    def _whole(self, dumped: str | bytes, expires_at: int | None = None) -> Item:
        """A document as an attribute of a row. What no one row can hold is kept in parts, before anything points to it.

        The parts are named by what is in them: whoever writes the same document writes the same rows.
        """
        if len(dumped) <= codec.LARGEST_PART:
            return {"doc": _stored(dumped)}
        whole = dumped if isinstance(dumped, bytes) else dumped.encode()
        digest = hashlib.sha256(whole).hexdigest()
        until = {} if expires_at is None else {"expires_at": _n(expires_at)}
        for n, first in enumerate(range(0, len(whole), codec.LARGEST_PART)):
            part = {"B": whole[first : first + codec.LARGEST_PART]}
            row = {**_key((f"DOCUMENT#{digest}", f"{n:04d}")), "part": part, **until}
            self._client.put_item(TableName=self._table, Item=row)
        return {"parts": {"S": digest}}

    def _document(self, row: Item) -> str | bytes:
        """A document that `_whole` put into a row."""
        if "doc" in row:
            return _loaded(row["doc"])
        parts = self._query(f"DOCUMENT#{row['parts']['S']}", "0", "~")
        return b"".join(bytes(part["part"]["B"]) for part in parts)

    def _put_all(self, items: Iterable[Item]) -> None:
        """Rows that may be put again; of those with the same key, the last."""
        rows = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
        for chunk in _chunks([{"PutRequest": {"Item": item}} for item in rows.values()], 25):
            self._batch_write(list(chunk))

    def _delete_all(self, keys: Iterable[Key]) -> None:
        for chunk in _chunks([{"DeleteRequest": {"Key": _key(key)}} for key in sorted(keys)], 25):
            self._batch_write(list(chunk))

    def _beside(self, kind: str, engagement_id: str) -> Iterator[Item]:
        """An engagement's rows of a kind, beside the head row of its work."""
        key = work_key_of(engagement_id)
        if key is not None:
            yield from self._query(f"WORK#{key}", f"{kind}#{engagement_id}#", f"{kind}#{engagement_id}#~")

    def _expire(self, key: Key, at: int) -> None:
        """Set when a row goes, if it is still there."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(key),
                UpdateExpression="SET expires_at = :at",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":at": _n(at)},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # it has been forgotten meanwhile

    def _unless(self, key: Item) -> Item:
        """That there is no such row."""
        return {
            "ConditionCheck": {"TableName": self._table, "Key": key, "ConditionExpression": "attribute_not_exists(pk)"}
        }

    def _between(self, kind: str, start: int, end: int) -> Iterator[Item]:
        """The rows of a kind that is kept by day, with start <= at < end, oldest first."""
        for day in _days(start, end):
            shards = (
                self._query(f"{kind}#{day}#{shard}", f"{start:014d}", f"{end - 1:014d}#~")
                for shard in range(self._shards)
            )
            yield from merge(*shards, key=lambda row: str(row["sk"]["S"]))

    def _puts(self, change: Change) -> list[Item]:
        puts: list[Item] = []
        if change.engagement is not None:
            puts.append(
                self._put(
                    self._head(change.engagement),
                    "engagement_id = :id AND version = :seen",
                    {},
                    {":id": {"S": change.engagement.engagement_id}, ":seen": _n(change.engagement_seen)},
                )
            )
        for occupancy, seen in change.occupancies:
            puts.append(
                self._put(
                    self._occupancy(occupancy),
                    "version = :seen" if seen else "attribute_not_exists(pk)",
                    {},
                    {":seen": _n(seen)} if seen else {},
                )
            )
        return puts

    def _put(self, item: Item, condition: str, names: Mapping[str, str], values: Mapping[str, Any]) -> Item:
        put: Item = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if names:
            put["ExpressionAttributeNames"] = dict(names)
        if values:
            put["ExpressionAttributeValues"] = dict(values)
        return put

    def _try_put(self, put: Item) -> Item | None:
        """None where the put held; otherwise the row that stood in its way."""
        try:
            self._client.put_item(**put)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            refused: Any = error.response
            return dict(refused.get("Item", {}))
        return None

    def _transact(self, actions: list[Item]) -> list[Item] | None:
        """None where the transaction held; otherwise its cancellation reasons, one an action.

        The token is made of the actions, so the same logical write sent again after a lost answer applies once.
        """
        token = hashlib.sha256(repr(actions).encode()).hexdigest()[:32]
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                self._client.transact_write_items(
                    TransactItems=actions,  # type: ignore[arg-type]
                    ClientRequestToken=token,
                )
                return None
            except self._client.exceptions.TransactionCanceledException as error:
                cancelled: Any = error.response
                reasons: list[Item] = cancelled["CancellationReasons"]
                codes = {reason.get("Code") for reason in reasons}
                if "ConditionalCheckFailed" in codes or attempt == CONFLICT_ATTEMPTS - 1:
                    return reasons
                if not codes & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                    raise
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionInProgressException":
                    raise
            self._pause(0.01 * 2**attempt)
        raise LostRace("The write stayed in conflict with others; try again.")

    def _commits(self, change: Change) -> bool:
        try:
            self.commit(change)
        except LostRace:
            return False
        return True

    def _get(self, key: Key) -> Item | None:
        found = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        return found.get("Item")

    def _batch_get(self, keys: Iterable[Key]) -> Iterator[Item]:
        for chunk in _chunks(sorted(keys), 100):
            wanted: Any = {"Keys": [_key(key) for key in chunk], "ConsistentRead": True}
            for attempt in range(CONFLICT_ATTEMPTS):
                answer = self._client.batch_get_item(RequestItems={self._table: wanted})
                yield from answer["Responses"].get(self._table, [])
                wanted = answer.get("UnprocessedKeys", {}).get(self._table)
                if not wanted:
                    break
                self._pause(0.05 * 2**attempt)
            else:
                raise LostRace("The table is too busy to read from; try again.")

    def _batch_write(self, requests: list[Item]) -> None:
        for attempt in range(CONFLICT_ATTEMPTS):
            answer = self._client.batch_write_item(RequestItems={self._table: requests})  # type: ignore[dict-item]
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])  # type: ignore[assignment]
            if not requests:
                return
            self._pause(0.05 * 2**attempt)
        raise LostRace("The table is too busy to write to; try again.")

    def _indexed(self, partition: str, upto: str = "~", most: int | None = None) -> Iterator[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=self._index,
            KeyConditionExpression="gpk = :gpk AND gsk <= :upto",
            ExpressionAttributeValues={":gpk": {"S": partition}, ":upto": {"S": upto}},
            PaginationConfig={"PageSize": most} if most else {},
        )
        for page in pages:
            yield from page["Items"]

    def _query(self, partition: str, first: str, last: str) -> Iterator[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={":pk": {"S": partition}, ":first": {"S": first}, ":last": {"S": last}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    # The rows

    def _head(self, engagement: Engagement) -> Item:
        item: Item = {
            **_key(_head_key(engagement.engagement_id)),
            "engagement_id": {"S": engagement.engagement_id},
            "state": {"S": engagement.state},
            "version": _n(engagement.version),
            "doc": _stored(codec.ENGAGEMENT.dump(engagement)),
        }
        if (cause := self._cause()) is not None:
            item["cause"] = {"S": cause}
        if engagement.due_at is not None:
            item["gpk"] = {"S": f"DUE#{self._shard(engagement.engagement_id)}"}
            item["gsk"] = {"S": f"{engagement.due_at:014d}"}
        if engagement.expires_at is not None:
            item["expires_at"] = _n(engagement.expires_at // 1000)
        return item

    def _occupancy(self, occupancy: Occupancy) -> Item:
        item: Item = {
            **_key((f"AGENT#{occupancy.agent_id}", "OCCUPANCY")),
            "version": _n(occupancy.version),
            "doc": _stored(codec.OCCUPANCY.dump(occupancy)),
        }
        if occupancy.status != "offline" or occupancy.held:
            item["gpk"] = {"S": f"AGENTS#{self._shard(occupancy.agent_id)}"}
            item["gsk"] = {"S": occupancy.agent_id}
        return item

    def _segment(self, segment: Segment) -> Item:
        return {
            **_key(self._by_time("FACTS", segment.quarter, segment.name, segment.name)),
            "doc": _stored(segment.packed),
            "expires_at": _n(segment.quarter // 1000 + FACT_RETENTION_DAYS * DAY),
        }

    def _by_time(self, kind: str, at: int, spread_by: str, named: str) -> Key:
        """The key of a row that is kept by day, under a name that is its own."""
        day = datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
        return f"{kind}#{day}#{self._shard(spread_by)}", f"{at:014d}#{named}"

    def _shard(self, text: str) -> int:
        return int(_digest(text), 16) % self._shards


def _too_busy(parsed: Mapping[str, Any], **_: Any) -> None:
    """Whoever asks a table that is throttled, and stays so while the client tries again, is told to come back."""
    if parsed.get("Error", {}).get("Code") in THROTTLED:
        raise TooManyRequests("The table is too busy; wait a second.", retry_after=1)


def engagement_of(image: Mapping[str, Any] | None) -> Engagement | None:
    """The engagement in a stream image, or None where the image is of another kind of row."""
    if not image or image["sk"]["S"] != "HEAD":
        return None
    return _engagement(image)


def cause_of(image: Mapping[str, Any]) -> str | None:
    """The id of the request that wrote the version in a stream image."""
    return image["cause"]["S"] if "cause" in image else None


def _receipt_key(key: str) -> Key:
    return f"IDEMPOTENCY#{_digest(key)}", "RECEIPT"


def _beat_key(agent_id: str) -> Key:
    return f"AGENT#{agent_id}", "BEAT"


def occupancy_of(image: Mapping[str, Any] | None) -> Occupancy | None:
    """The occupancy in a stream image, or None where the image is of another kind of row."""
    if not image or image["sk"]["S"] != "OCCUPANCY":
        return None
    return codec.OCCUPANCY.load(_loaded(image["doc"]))


def _visit_key(visit: Visit) -> Key:
    return f"CONSUMER#{visit.consumer}", f"{visit.at:014d}#{visit.engagement_id}"


def _version_key(version: int) -> Key:
    return "CONFIG", f"V#{version:08d}"


def _late_key(quarter: int) -> Key:
    return "LATE", f"{quarter:014d}"


def _stamp_key(version: int) -> Key:
    return "CONFIG", f"STAMP#{version:08d}"


def _head_key(engagement_id: str) -> Key:
    return f"WORK#{work_key_of(engagement_id)}", "HEAD"


def _engagement(item: Mapping[str, Any]) -> Engagement:
    return codec.ENGAGEMENT.load(_loaded(item["doc"]))


def _refused(item: Item, engagement: Engagement) -> Started | Refused:
    """A row in the way of a start; it may be our own, where the answer to the first sending was lost."""
    existing = _engagement(item)
    return Started() if existing.engagement_id == engagement.engagement_id else Refused(existing)


def _histories(rows: list[Item]) -> Iterator[History]:
    """The engagements of one work, from its head row and its history."""
    newest: dict[str, Engagement] = {}
    events: dict[str, list[Event]] = {}
    for row in sorted(rows, key=lambda row: str(row["sk"]["S"])):
        engagement = _engagement(row)
        known = events.setdefault(engagement.engagement_id, [])
        known += codec.EVENTS.load(_loaded(row["events"])) if "events" in row else []
        before = newest.get(engagement.engagement_id, engagement)
        newest[engagement.engagement_id] = max(before, engagement, key=lambda each: each.version)
    for engagement_id, engagement in newest.items():
        yield engagement, events[engagement_id]


def _same(wanted: Item, old: Item) -> bool:
    return bool(old.get("doc") == wanted["doc"] and old.get("version") == wanted["version"])


def _key(key: Key) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _n(number: int) -> dict[str, str]:
    return {"N": str(number)}


def _stored(document: str | bytes) -> dict[str, Any]:
    return {"S": document} if isinstance(document, str) else {"B": document}


def _loaded(attribute: Mapping[str, Any]) -> str | bytes:
    return attribute["S"] if "S" in attribute else bytes(attribute["B"])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _days(start: int, end: int) -> Iterator[str]:
    day = datetime.fromtimestamp(start / 1000, UTC).date()
    last = datetime.fromtimestamp((end - 1) / 1000, UTC).date()
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def _batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes that are tried in one transaction."""
    batch: list[Change] = []
    writes = 0
    for change in changes:
        size = 1 + len(change.occupancies)
        if batch and writes + size > WRITES_PER_TRANSACTION:
            yield batch
            batch, writes = [], 0
        batch.append(change)
        writes += size
    if batch:
        yield batch


def _chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
