"""What is configured, entry by entry, in Zoom's paths: made from the table of kinds; all of it edits one document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from pydantic import RootModel

from chalicelib.configuration import flow_file, resources
from chalicelib.configuration.kinds import KINDS, Document, Kind
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import paging
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.operations import configuring

Handler = Callable[[Call[Any]], Answer]


class Fields(RootModel[dict[str, Any]]):
    """The fields of an entry. Those that are left out have their usual setting, or stay as they are."""


def _list(kind: Kind) -> Handler:
    def handler(call: Call[None]) -> Answer:
        size = paging.page_size(call)
        version, place = paging.begin(call, kind.name, call.world.store.configuration_version())
        document = call.world.store.configuration(version).document
        listed = [*kind.fixed, *resources.rows(document, kind)]
        onward = place + size
        return Answer(
            200,
            {
                kind.wire_name: [resources.to_wire(kind, row) for row in listed[place:onward]],
                "page_size": size,
                "next_page_token": paging.token(call, kind.name, version, onward) if onward < len(listed) else "",
                "total_records": len(listed),
            },
        )

    return handler


def _get(kind: Kind) -> Handler:
    def handler(call: Call[None]) -> Answer:
        now = configuring.current(call.world)
        row = resources.fixed(kind, *_key(call, kind)) or resources.find(now.document, kind, *_key(call, kind))
        return Answer(200, resources.to_wire(kind, row), {"ETag": f'"{now.version}"'})

    return handler


def _create(kind: Kind) -> Handler:
    def handler(call: Call[Fields]) -> Answer:
        made: list[dict[str, Any]] = []

        def change(document: Document) -> Document:
            body = call.body.root
            if kind is flow_file.FLOWS and "flow_file" in body:
                changed, row = flow_file.put_in(document, body, call.world.new_id)
            else:
                changed, row = resources.add(document, kind, resources.from_wire(kind, body), call.world.new_id)
            made[:] = [row]
            return changed

        done = _edit(call, kind, change, lambda: str(made[0][kind.id_field]))
        location = f"/v2/contact_center/{kind.path}/{quote(made[0][kind.id_field], safe='')}"
        headers = {"Location": location, "ETag": f'"{done.version}"'}
        return Answer(201, resources.to_wire(kind, made[0]), headers)

    return handler


def _update(kind: Kind) -> Handler:
    def handler(call: Call[Fields]) -> Answer:
        def change(document: Document) -> Document:
            key = _id(call, kind, document)
            return resources.change(document, kind, key, resources.from_wire(kind, call.body.root))

        done = _edit(call, kind, change, lambda: _id(call, kind, configuring.current(call.world).document))
        return Answer(204, None, {"ETag": f'"{done.version}"'})

    return handler


def _delete(kind: Kind) -> Handler:
    def handler(call: Call[None]) -> Answer:
        move_to = call.query.get("move_to")

        def change(document: Document) -> Document:
            key = _id(call, kind, document)
            document = resources.remove(document, kind, key)
            return document if move_to is None else _moved(document, key, move_to)

        terms = _terms(call, kind, release=call.query.get("release") == "true")
        configuring.edit(call.world, change, call.if_match(), terms)
        return Answer(204)

    return handler


def _moved(document: Document, queue_id: str, to: str) -> Document:
    """What was moved to the queue before goes with it."""
    earlier = dict(document.get("moved_queues", {}))
    moved = {each: to if target == queue_id else target for each, target in earlier.items()}
    return {**document, "moved_queues": {**moved, queue_id: to}}


def _edit(
    call: Call[Fields], kind: Kind, change: Callable[[Document], Document], key: Callable[[], str]
) -> configuring.Applied:
    """Carry the change out. What is wrong with the entry itself is named by its place in the body."""
    tried: list[Document] = []

    def noted(document: Document) -> Document:
        tried[:] = [change(document)]
        return tried[0]

    try:
        return configuring.edit(call.world, noted, call.if_match(), _terms(call, kind))
    except InvalidRequest as error:
        if not tried:
            raise
        at = resources.place(tried[0], kind, key())
        wrong = [FieldError(resources.wire_pointer(kind, at, each.pointer), each.message) for each in error.errors]
        raise InvalidRequest("Validation Failed.", wrong) from None


def _terms(call: Call[Any], kind: Kind, release: bool = False) -> configuring.Terms:
    return configuring.Terms(call.principal.actor, f"{call.method} {kind.path}", release)


def _id(call: Call[Any], kind: Kind, document: Document) -> str:
    if resources.fixed(kind, *_key(call, kind)):
        wrong = FieldError(f"path/{kind.parameter}", "It is there in every tenant; leave it as it is.")
        raise InvalidRequest("It cannot be changed.", [wrong])
    return str(resources.find(document, kind, *_key(call, kind))[kind.id_field])


def _key(call: Call[Any], kind: Kind) -> tuple[str, bool]:
    """What the path says, and whether that is a name."""
    how = call.query.get(f"{kind.noun}_identifier_type", "id")
    if how not in ("id", "name"):
        raise InvalidRequest("Validation Failed.", [FieldError(f"query/{kind.noun}_identifier_type", "id or name.")])
    return call.path[kind.parameter], how == "name"


def _endpoints(kind: Kind) -> Iterator[Endpoint]:
    every, one = f"/v2/contact_center/{kind.path}", f"/v2/contact_center/{kind.path}/{{{kind.parameter}}}"
    noun, by = kind.noun.replace("_", " "), (f"{kind.noun}_identifier_type",)
    read, write = "configuration.read", "configuration.write"
    further = {"queues": ("move_to",), "agents": ("release",)}.get(kind.name, ())
    table: tuple[tuple[str, str, str, str, Handler, tuple[str, ...], int], ...] = (
        ("GET", every, "list", "List every", _list(kind), paging.PARAMETERS, 200),
        ("POST", every, "create", "Create a", _create(kind), (), 201),
        ("GET", one, "get", "Read a", _get(kind), by, 200),
        ("PATCH", one, "update", "Change a", _update(kind), by, 204),
        ("DELETE", one, "delete", "Delete a", _delete(kind), (*by, *further), 204),
    )
    for method, path, verb, says, handler, query, status in table:
        handler.__name__ = f"{verb}_{kind.name}"
        yield Endpoint(
            method,
            path,
            read if method == "GET" else write,
            f"{says} {noun}",
            handler,
            body=Fields if method in ("POST", "PATCH") else None,
            query=query,
            status=status,
            scope=f"{kind.scope}:{'read' if method == 'GET' else 'write'}:admin" if kind.scope else None,
        )


ENDPOINTS = tuple(endpoint for kind in KINDS for endpoint in _endpoints(kind))
