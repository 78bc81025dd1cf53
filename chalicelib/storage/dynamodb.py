"""The store on DynamoDB: one table, one sparse index.

Which row holds what, and on which condition it is written.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from chalicelib.engagements.model import Change, Engagement, Event, Note, Occupancy, work_key_of
from chalicelib.errors import LostRace
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
    FACT_RETENTION_DAYS,
    NOTHING,
    Archiving,
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
    Versioned,
    Visit,
)
from chalicelib.storage.segments import Segment
from chalicelib.storage.table import Item, Key, Table, key_of, loaded, number, place_of, same, stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = 86_400
OPEN_HISTORY_DAYS = 400
"""How long work can be open and its history still be whole until it can no longer be read. It holds no content."""
VISIT_RETENTION_DAYS = 800
"""A visit is written when its engagement starts, and must outlast it."""
TOMBSTONE_DAYS = 30
"""How long a late message can bring back what was to be forgotten, and more."""
EVENT_RETENTION_DAYS = 7
WRITES_PER_TRANSACTION = 20
"""Most changes are two writes. More changes would fail together more often than they would save."""
RESTORED = "restored"
"""An attribute of a row that was put back from a backup: nothing happened to it. Its next version has it no more."""
_CURRENT: Key = ("CONFIG", "CURRENT")
_COVERAGE: Key = ("ROLLUP", "COVERAGE")
_NIGHT: Key = ("ROLLUP", "NIGHT")
_ARCHIVING: Key = ("ROLLUP", "ARCHIVING")
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
        self._table = Table(client, table, index, pause)
        self._shards = shards
        self._cause = cause

    # Engagements

    def start(self, engagement: Engagement, receipt: Receipt | None) -> Started | Replayed | Refused:
        head = self._table.conditional(
            self._head(engagement),
            "attribute_not_exists(pk) OR #state = :closed",
            {":closed": {"S": "closed"}},
            {"#state": "state"},
        )
        if receipt is None:
            refused = self._table.try_put(head)
            return Started() if refused is None else _refused(refused, engagement)
        key = {
            **key_of(_receipt_key(receipt.key)),
            "doc": stored(codec.RECEIPT.dump(receipt)),
            "expires_at": number(receipt.expires_at),
        }
        remember = self._table.conditional(
            key,
            "attribute_not_exists(pk) OR expires_at < :now",
            {":now": number(receipt.started_at // 1000)},
        )
        reasons = self._table.transact([{"Put": head}, {"Put": remember}])
        if reasons is None:
            return Started()
        if "Item" in reasons[1]:
            known = codec.RECEIPT.load(loaded(reasons[1]["Item"]["doc"]))
            return Started() if known.engagement_id == receipt.engagement_id else Replayed(known)
        return _refused(reasons[0]["Item"], engagement)

    def commit(self, change: Change) -> None:
        puts = self._puts(change)
        if len(puts) == 1:
            old = self._table.try_put(puts[0])
            olds = [old] if old is not None else []
        else:
            reasons = self._table.transact([{"Put": put} for put in puts])
            olds = [] if reasons is None else [reason.get("Item", {}) for reason in reasons]
        if olds and not all(same(put["Item"], old) for put, old in zip(puts, olds, strict=True)):
            raise LostRace("Somebody else changed it at the same moment.")

    def commit_all(self, changes: Sequence[Change]) -> list[bool]:
        held: list[bool] = []
        for chunk in _batches(changes):
            if len(chunk) > 1 and self._commit_together(chunk):
                held.extend([True] * len(chunk))
            else:
                held.extend(self._commits(change) for change in chunk)
        return held

    def enlist(self, waiting: Waiting) -> bool:
        shard = self._shard(waiting.engagement_id)
        return self._table.update(
            _head_key(waiting.engagement_id),
            update="SET gpk = :gpk, gsk = :gsk, waiting = :waiting",
            condition="engagement_id = :id AND version = :version",
            values={
                ":gpk": {"S": f"WAIT#{waiting.queue_id}#{shard}"},
                ":gsk": {"S": rank_key(waiting)},
                ":waiting": stored(codec.WAITING.dump(waiting)),
                ":id": {"S": waiting.engagement_id},
                ":version": number(waiting.version),
            },
        )

    def engagement(self, engagement_id: str) -> Engagement | None:
        key = work_key_of(engagement_id)
        found = self.last_of_work(key) if key else None
        return found if found and found.engagement_id == engagement_id else None

    def engagements(self, engagement_ids: Iterable[str]) -> dict[str, Engagement]:
        wanted = {each for each in engagement_ids if work_key_of(each)}
        items = self._table.get_all({_head_key(each) for each in wanted})
        found = (_engagement(item) for item in items)
        return {each.engagement_id: each for each in found if each.engagement_id in wanted}

    def last_of_work(self, work_key: str) -> Engagement | None:
        item = self._table.get((f"WORK#{work_key}", "HEAD"))
        return _engagement(item) if item else None

    def receipt(self, key: str, now: int) -> Receipt | None:
        item = self._table.get(_receipt_key(key))
        return codec.RECEIPT.load(loaded(item["doc"])) if item and int(item["expires_at"]["N"]) >= now else None

    def waiting(self, queue_id: str, most: int | None = None) -> list[Waiting]:
        items = [
            item
            for shard in range(self._shards)
            for item in islice(self._table.indexed(f"WAIT#{queue_id}#{shard}", most=most), most)
        ]
        items.sort(key=lambda item: str(item["gsk"]["S"]))
        return [codec.WAITING.load(loaded(item["waiting"])) for item in items[:most]]

    def due(self, now: int) -> list[Engagement]:
        keys = [
            place_of(item)
            for shard in range(self._shards)
            for item in self._table.indexed(f"DUE#{shard}", upto=f"{now:014d}")
        ]
        return [_engagement(item) for item in self._table.get_all(keys)]

    # Agents

    def occupancies(self, agent_ids: Iterable[str]) -> dict[str, Occupancy]:
        found = {each: Occupancy(each) for each in agent_ids}
        for item in self._table.get_all({(f"AGENT#{each}", "OCCUPANCY") for each in found}):
            occupancy = codec.OCCUPANCY.load(loaded(item["doc"]))
            found[occupancy.agent_id] = occupancy
        return found

    def present(self) -> list[str]:
        partitions = (f"AGENTS#{shard}" for shard in range(self._shards))
        return [str(item["gsk"]["S"]) for partition in partitions for item in self._table.indexed(partition)]

    def beat(self, agent_id: str, at: int) -> None:
        row = {**key_of(_beat_key(agent_id)), "at": number(at), "expires_at": number(at // 1000 + DAY)}
        self._table.put(row)

    def beats(self, agent_ids: Iterable[str]) -> dict[str, int]:
        found = dict.fromkeys(agent_ids, 0)
        for item in self._table.get_all({_beat_key(each) for each in found}):
            found[str(item["pk"]["S"]).removeprefix("AGENT#")] = int(item["at"]["N"])
        return found

    def claim(self, key: str, window: int, most: int, until: int) -> bool:
        return self._table.update(
            (key, f"WINDOW#{window:014d}"),
            update="ADD taken :one SET expires_at = :until",
            condition="attribute_not_exists(taken) OR taken < :most",
            values={":one": number(1), ":most": number(most), ":until": number(until)},
        )

    # History and facts

    def add_note(self, note: Note, until: int) -> None:
        row = {
            "pk": {"S": f"WORK#{work_key_of(note.engagement_id)}"},
            "sk": {"S": f"N#{note.engagement_id}#{note.at:014d}#{note.note_id}"},
            "doc": stored(codec.NOTE.dump(note)),
            "expires_at": number(until // 1000),
        }
        self._table.put(row)

    def notes(self, engagement_id: str) -> list[Note]:
        return [codec.NOTE.load(loaded(row["doc"])) for row in self._beside("N", engagement_id)]

    def end_notes(self, engagement: Engagement) -> None:
        assert engagement.expires_at is not None
        for row in self._beside("N", engagement.engagement_id):
            self._table.update(
                place_of(row),
                update="SET expires_at = :at",
                condition="attribute_exists(pk)",
                values={":at": number(engagement.expires_at // 1000)},
            )

    def archive(self, engagement: Engagement, events: Sequence[Event]) -> None:
        closed_at = engagement.closed_at or events[-1].at + OPEN_HISTORY_DAYS * DAY * 1000
        until = closed_at + engagement.kept_days * DAY * 1000
        row: Item = {
            "pk": {"S": f"WORK#{engagement.work_key}"},
            "sk": {"S": f"V#{engagement.engagement_id}#{events[0].version:08d}"},
            "expires_at": number(until // 1000),
        }
        bare = engagement.without_content()
        left = {**row, **_told(bare, [each.bare for each in events])}
        whole = {**row, **_told(bare if engagement.closed_at is None else engagement, events)}
        if whole != left:
            not_forgotten = self._table.absent((f"WORK#{engagement.work_key}", f"E#{engagement.engagement_id}"))
            puts = [{"Put": self._table.unconditional(whole)}, {"ConditionCheck": not_forgotten}]
            if self._table.transact(puts) is None:
                return
        self._table.put(left)

    def archived(self, engagement_id: str) -> tuple[Engagement | None, list[Event]]:
        rows = list(self._beside("V", engagement_id))
        events = [event for row in rows for event in _events(row)]
        return (_engagement(rows[-1]) if rows else None), events

    def histories(self, after: str, most: int) -> tuple[list[History], str | None]:
        before, _, place = after.partition("\t")
        rows, last = self._table.scan(
            (before, place) if after else None,
            most,
            "begins_with(pk, :work) AND (sk = :head OR begins_with(sk, :kept))",
            {":work": "WORK#", ":head": "HEAD", ":kept": "V#"},
        )
        works: dict[str, list[Item]] = {}
        for row in rows:
            works.setdefault(row["pk"]["S"], []).append(row)
        works.pop(before, None)  # the call before has read it to its end
        if last is not None and last[0].startswith("WORK#") and last[0] != before:
            of_last = self._table.query(last[0], "H", "W")
            works[last[0]] = [row for row in of_last if row["sk"]["S"][:2] in ("HE", "V#")]
        found = [history for rows in works.values() for history in _histories(rows)]
        return found, None if last is None else "\t".join(last)

    def forget(self, engagement_id: str, at: int) -> None:
        tombstone = key_of((f"WORK#{work_key_of(engagement_id)}", f"E#{engagement_id}"))
        self._table.put({**tombstone, "expires_at": number(at // 1000 + TOMBSTONE_DAYS * DAY)})
        self._table.put_all(
            {**row, **_told(_engagement(row).without_content(), [event.bare for event in _events(row)])}
            for row in self._beside("V", engagement_id)
        )
        self._table.delete_all(place_of(row) for row in self._beside("N", engagement_id))

    def record(self, facts: Sequence[Fact], visits: Sequence[Visit] = ()) -> None:
        of_visits = (
            {**key_of(_visit_key(visit)), "expires_at": number(visit.at // 1000 + VISIT_RETENTION_DAYS * DAY)}
            for visit in visits
        )
        self._table.put_all([*map(self._segment, segments.pack(facts)), *of_visits])

    def visits(self, consumer: str) -> list[Visit]:
        found = (str(row["sk"]["S"]).split("#", 1) for row in self._table.query(f"CONSUMER#{consumer}", "0", "~"))
        return [Visit(consumer, engagement_id, int(at)) for at, engagement_id in found]

    def last_visit(self, consumer: str, before: int) -> int | None:
        row = self._table.last(f"CONSUMER#{consumer}", f"{before:014d}")
        return None if row is None else int(str(row["sk"]["S"]).split("#", 1)[0])

    def forget_visits(self, visits: Sequence[Visit]) -> None:
        self._table.delete_all(_visit_key(visit) for visit in visits)

    def facts(self, dataset: Dataset | None, start: int, end: int) -> list[Fact]:
        rows = self._between("FACTS", quarter_of(start), end)
        found = (fact for row in rows for fact in segments.unpack(loaded(row["doc"])))
        return once(fact for fact in found if dataset in (None, fact.dataset) and start <= fact.at < end)

    def rewrite_facts(self, quarter: int, anew: Callable[[list[Fact]], list[Fact]]) -> None:
        rows = list(self._between("FACTS", quarter, quarter + QUARTER_MS))
        kept = once(fact for row in rows for fact in segments.unpack(loaded(row["doc"])))
        new = [self._segment(segment) for segment in segments.pack(anew(kept))]
        self._table.put_all(new)
        stays = {place_of(row) for row in new}
        self._table.delete_all({place_of(row) for row in rows} - stays)

    def keep_rollup(self, dataset: Dataset, series: str, start: int, cells: Sequence[Cell]) -> None:
        expires_at = start // 1000 + FACT_RETENTION_DAYS * DAY
        row = {
            **key_of((f"ROLLUP#{dataset}#{series}", f"{start:014d}")),
            **self._table.whole(codec.CELLS.dump(list(cells)), expires_at),
            "expires_at": number(expires_at),
        }
        self._table.put(row)

    def rollups(self, dataset: Dataset, series: str, start: int, end: int) -> list[Cell]:
        rows = self._table.query(f"ROLLUP#{dataset}#{series}", f"{start:014d}", f"{end - 1:014d}")
        return [cell for row in rows for cell in codec.CELLS.load(self._table.document(row))]

    def coverage(self) -> Coverage:
        item = self._table.get(_COVERAGE)
        return codec.COVERAGE.load(loaded(item["doc"])) if item else Coverage()

    def put_coverage(self, coverage: Coverage) -> Coverage:
        return self._put_next(_COVERAGE, codec.COVERAGE, coverage)

    def night(self) -> Night:
        item = self._table.get(_NIGHT)
        return codec.NIGHT.load(loaded(item["doc"])) if item else Night()

    def put_night(self, night: Night) -> Night:
        return self._put_next(_NIGHT, codec.NIGHT, night)

    def archiving(self) -> Archiving:
        item = self._table.get(_ARCHIVING)
        return codec.ARCHIVING.load(loaded(item["doc"])) if item else Archiving()

    def put_archiving(self, archiving: Archiving) -> Archiving:
        return self._put_next(_ARCHIVING, codec.ARCHIVING, archiving)

    def late(self) -> dict[int, str]:
        rows = self._table.query("LATE", "0", "~")
        return {int(row["sk"]["S"]): str(row["mark"]["S"]) for row in rows if "expires_at" not in row}

    def mark(self, quarter: int, mark: str) -> None:
        self._table.put({**key_of(_late_key(quarter)), "mark": {"S": mark}})

    def unmark(self, quarter: int, mark: str) -> None:
        row = {**key_of(_late_key(quarter)), "mark": {"S": mark}, "expires_at": number(quarter // 1000 + DAY)}
        self._table.try_put(  # if more has come meanwhile, it stays
            self._table.conditional(row, "mark = :mark", {":mark": {"S": mark}})
        )

    # What the outside is told

    def webhook_secret(self, webhook_id: str, candidate: str) -> str:
        return self._table.first((f"SECRET#WEBHOOK#{webhook_id}", "SECRET"), candidate)

    def put_webhook_secret(self, webhook_id: str, secret: str) -> None:
        row = {**key_of((f"SECRET#WEBHOOK#{webhook_id}", "SECRET")), "secret": {"S": secret}}
        self._table.put(row)

    def keep_events(self, events: Sequence[PublicEvent]) -> None:
        self._table.put_all(
            {
                **key_of(self._by_time("EVENTS", event.at, event.subject, event.event_id)),
                "doc": stored(codec.PUBLIC_EVENT.dump(event)),
                "expires_at": number(event.at // 1000 + EVENT_RETENTION_DAYS * DAY),
            }
            for event in events
        )

    def events(self, start: int, end: int, most: int) -> list[PublicEvent]:
        rows = islice(_each_once(self._between("EVENTS", start, end)), most)
        return [codec.PUBLIC_EVENT.load(loaded(row["doc"])) for row in rows]

    def keep_attempt(self, attempt: Attempt) -> None:
        row = {
            **key_of(
                (
                    _attempts_key(attempt.webhook_id, self._shard(attempt.event_id)),
                    f"{attempt.at:014d}#{attempt.event_id}#{attempt.number:02d}",
                )
            ),
            "doc": stored(codec.ATTEMPT.dump(attempt)),
            "expires_at": number(attempt.at // 1000 + EVENT_RETENTION_DAYS * DAY),
        }
        self._table.put(row)

    def attempts(self, webhook_id: str, start: int, end: int, most: int) -> list[Attempt]:
        rows = islice(self._in_order((_attempts_key(webhook_id, n) for n in range(self._shards)), start, end), most)
        return [codec.ATTEMPT.load(loaded(row["doc"])) for row in rows]

    # The tenant

    def configuration_version(self) -> int:
        item = self._table.get(_CURRENT)
        return int(item["version"]["N"]) if item else 0

    def configuration(self, version: int) -> Configuration:
        item = self._table.get(_version_key(version))
        if item is None:
            return Configuration()
        return codec.CONFIGURATION.load(self._table.document(item))

    def apply(
        self,
        document: Mapping[str, Any],
        seen: int,
        stamp: Stamp = Stamp(),  # noqa: B008 - frozen
        removed: Mapping[str, int] = NOTHING,
    ) -> int:
        version = seen + 1
        dumped = codec.CONFIGURATION.dump(Configuration(version, document, removed))
        keep = {**key_of(_version_key(version)), **self._table.whole(dumped)}
        note = {**key_of(_stamp_key(version)), "doc": stored(codec.STAMP.dump(stamp))}
        switch = self._table.succeeding({**key_of(_CURRENT), "version": number(version)}, seen)
        puts = [self._table.unconditional(keep), self._table.unconditional(note), switch]
        if self._table.transact([{"Put": put} for put in puts]) is not None:
            raise LostRace("Another configuration was applied at the same moment.")
        return version

    def stamps(self, versions: Iterable[int]) -> dict[int, Stamp]:
        found = self._table.get_all(_stamp_key(version) for version in versions)
        return {int(item["sk"]["S"].split("#")[1]): codec.STAMP.load(loaded(item["doc"])) for item in found}

    def client(self, client_id: str) -> Client | None:
        item = self._table.get(("CLIENTS", client_id))
        return codec.CLIENT.load(loaded(item["doc"])) if item else None

    def clients(self) -> list[Client]:
        return [codec.CLIENT.load(loaded(item["doc"])) for item in self._table.query("CLIENTS", "!", "~")]

    def put_client(self, client: Client) -> Client:
        return self._put_next(("CLIENTS", client.client_id), codec.CLIENT, client)

    def signing_keys(self) -> SigningKeys:
        item = self._table.get(_SIGNING_KEYS)
        return codec.SIGNING_KEYS.load(loaded(item["doc"])) if item else SigningKeys()

    def put_signing_keys(self, keys: SigningKeys) -> SigningKeys:
        return self._put_next(_SIGNING_KEYS, codec.SIGNING_KEYS, keys)

    def _beside(self, kind: str, engagement_id: str) -> Iterator[Item]:
        """An engagement's rows of a kind, beside the head row of its work."""
        key = work_key_of(engagement_id)
        if key is not None:
            yield from self._table.query(f"WORK#{key}", f"{kind}#{engagement_id}#", f"{kind}#{engagement_id}#~")

    def _between(self, kind: str, start: int, end: int) -> Iterator[Item]:
        """The rows of a kind that is kept by day, with start <= at < end, oldest first."""
        for day in _days(start, end):
            yield from self._in_order((f"{kind}#{day}#{shard}" for shard in range(self._shards)), start, end)

    def _in_order(self, partitions: Iterable[str], start: int, end: int) -> Iterator[Item]:
        """The rows of several partitions with start <= at < end, oldest first."""
        rows = (self._table.query(partition, f"{start:014d}", f"{end - 1:014d}#~") for partition in partitions)
        yield from merge(*rows, key=lambda row: str(row["sk"]["S"]))

    def _puts(self, change: Change) -> list[Item]:
        puts = [self._table.succeeding(self._occupancy(occupancy), seen) for occupancy, seen in change.occupancies]
        if change.engagement is None:
            return puts
        head = self._table.conditional(
            self._head(change.engagement),
            "engagement_id = :id AND version = :seen",
            {":id": {"S": change.engagement.engagement_id}, ":seen": number(change.engagement_seen)},
        )
        return [head, *puts]

    def _put_next(self, key: Key, document: codec.Document[Versioned], seen: Versioned) -> Versioned:
        """Keep what was made of the version that was seen, as the next one. Raises `LostRace`."""
        kept = replace(seen, version=seen.version + 1)
        self._table.follow(key, document.dump(kept), seen.version)
        return kept

    def _commit_together(self, changes: Sequence[Change]) -> bool:
        with suppress(LostRace):
            return self._table.transact([{"Put": put} for each in changes for put in self._puts(each)]) is None
        return False

    def _commits(self, change: Change) -> bool:
        try:
            self.commit(change)
        except LostRace:
            return False
        return True

    # The rows

    def _head(self, engagement: Engagement) -> Item:
        item: Item = {
            **key_of(_head_key(engagement.engagement_id)),
            "engagement_id": {"S": engagement.engagement_id},
            "state": {"S": engagement.state},
            "version": number(engagement.version),
            "doc": stored(codec.ENGAGEMENT.dump(engagement)),
        }
        if (cause := self._cause()) is not None:
            item["cause"] = {"S": cause}
        if engagement.due_at is not None:
            item["gpk"] = {"S": f"DUE#{self._shard(engagement.engagement_id)}"}
            item["gsk"] = {"S": f"{engagement.due_at:014d}"}
        if engagement.expires_at is not None:
            item["expires_at"] = number(engagement.expires_at // 1000)
        return item

    def _occupancy(self, occupancy: Occupancy) -> Item:
        item: Item = {
            **key_of((f"AGENT#{occupancy.agent_id}", "OCCUPANCY")),
            "version": number(occupancy.version),
            "doc": stored(codec.OCCUPANCY.dump(occupancy)),
        }
        if occupancy.status != "offline" or occupancy.held:
            item["gpk"] = {"S": f"AGENTS#{self._shard(occupancy.agent_id)}"}
            item["gsk"] = {"S": occupancy.agent_id}
        return item

    def _segment(self, segment: Segment) -> Item:
        return {
            **key_of(self._by_time("FACTS", segment.quarter, segment.name, segment.name)),
            "doc": stored(segment.packed),
            "expires_at": number(segment.quarter // 1000 + FACT_RETENTION_DAYS * DAY),
        }

    def _by_time(self, kind: str, at: int, spread_by: str, named: str) -> Key:
        """The key of a row that is kept by day, under a name that is its own."""
        day = datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
        return f"{kind}#{day}#{self._shard(spread_by)}", f"{at:014d}#{named}"

    def _shard(self, text: str) -> int:
        return int(_digest(text), 16) % self._shards


def _each_once(rows: Iterable[Item]) -> Iterator[Item]:
    """Rows in order, of each name the first: what was written again after `shards` has grown may be in another one."""
    for _, same_name in groupby(rows, key=lambda row: str(row["sk"]["S"])):
        yield next(same_name)


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
    return codec.OCCUPANCY.load(loaded(image["doc"]))


def _visit_key(visit: Visit) -> Key:
    return f"CONSUMER#{visit.consumer}", f"{visit.at:014d}#{visit.engagement_id}"


def _attempts_key(webhook_id: str, shard: int) -> str:
    """The first shard has the name that all attempts had before there were several."""
    return f"WEBHOOK#{webhook_id}#{shard}" if shard else f"WEBHOOK#{webhook_id}"


def _version_key(version: int) -> Key:
    return "CONFIG", f"V#{version:08d}"


def _late_key(quarter: int) -> Key:
    return "LATE", f"{quarter:014d}"


def _stamp_key(version: int) -> Key:
    return "CONFIG", f"STAMP#{version:08d}"


def _head_key(engagement_id: str) -> Key:
    return f"WORK#{work_key_of(engagement_id)}", "HEAD"


def _engagement(item: Mapping[str, Any]) -> Engagement:
    return codec.ENGAGEMENT.load(loaded(item["doc"]))


def _told(engagement: Engagement, events: Sequence[Event]) -> Item:
    """What a row of an engagement's history tells: how it was, and some of its events."""
    return {"doc": stored(codec.ENGAGEMENT.dump(engagement)), "events": stored(codec.EVENTS.dump(list(events)))}


def _events(item: Mapping[str, Any]) -> list[Event]:
    return codec.EVENTS.load(loaded(item["events"]))


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
        known += _events(row) if "events" in row else []
        before = newest.get(engagement.engagement_id, engagement)
        newest[engagement.engagement_id] = max(before, engagement, key=lambda each: each.version)
    for engagement_id, engagement in newest.items():
        yield engagement, events[engagement_id]


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
