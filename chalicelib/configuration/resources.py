"""One entry of a tenant's document at a time: found, added, changed, taken out. Each answers with a new document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.configuration.document import wrong_types
from chalicelib.configuration.kinds import SKILLS, Document, Kind, Row, Skill
from chalicelib.configuration.naming import missing
from chalicelib.errors import FieldError, InvalidRequest, NotFound


def rows(document: Document, kind: Kind) -> list[Row]:
    """The entries of a kind, as they stand."""
    if kind.within is None:
        return list(document.get(kind.name, ()))
    parents, field, parent_id = kind.within
    return [
        {**_row(kind, each), parent_id: parent[parent_id]}
        for parent in document.get(parents, ())
        for each in parent.get(field, ())
    ]


def find(document: Document, kind: Kind, key: str, by_name: bool = False) -> Row:
    """The entry with an id, or with a name. Raises `NotFound`, and `InvalidRequest` where several have the name."""
    field = kind.name_field if by_name else kind.id_field
    listed = rows(document, kind)
    found = [row for row in listed if row.get(field, "") == key]
    if not found:
        raise NotFound(missing(kind.noun, key, [str(row.get(field, "")) for row in listed]))
    if len(found) > 1:
        wrong = FieldError(f"query/{kind.noun}_identifier_type", "Several have this name; use the id.")
        raise InvalidRequest("The name is not unique.", [wrong])
    return found[0]


def add(document: Document, kind: Kind, row: Row, new_id: Callable[[], str]) -> tuple[Document, Row]:
    """The document with one more entry, and the entry: without an id it is given one, after its name."""
    listed = rows(document, kind)
    taken = {each[kind.id_field] for each in listed} | {each["status_id"] for each in kind.fixed}
    if row.get(kind.id_field) is None:
        row = {**row, kind.id_field: _named_after(str(row.get(kind.name_field, "")), kind, taken) or new_id()}
    if not isinstance(row[kind.id_field], str):
        raise InvalidRequest("The id is no text.", [FieldError(_wire_field(kind), "This must be text.")])
    if row[kind.id_field] in taken:
        message = f"There is a {kind.noun} {row[kind.id_field]!r} already; change that one, or choose another id."
        raise InvalidRequest("The id is taken.", [FieldError(_wire_field(kind), message)])
    if kind.name == "skills":
        row = {kind.name_field: row[kind.id_field], **row}
        _check_skill(row)
    return _with(document, kind, [*listed, row]), row


def _named_after(name: str, kind: Kind, taken: Set[str]) -> str | None:
    """An id made of a name; None where that would be none, or is another's. A skill's is its name."""
    if kind is SKILLS:
        return name if name not in taken else None
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return plain if plain not in taken | kind.no_ids else None


def change(document: Document, kind: Kind, key: str, changes: Row) -> Document:
    """The document with some fields of an entry changed; null takes a field's setting away."""
    given = changes.get(kind.id_field, key)
    if given != key or (kind.name == "skills" and changes.get("skill_name", key) != key):
        wrong = FieldError(_wire_field(kind), "An id stays what it is; add another entry and delete this one.")
        raise InvalidRequest("The id cannot change.", [wrong])
    changed = [_merged(row, changes) if row[kind.id_field] == key else row for row in rows(document, kind)]
    if kind.name == "skills":
        _check_skill(next(row for row in changed if row[kind.id_field] == key))
    return _with(document, kind, changed)


def remove(document: Document, kind: Kind, key: str) -> Document:
    """The document without an entry, also where others merely list it."""
    document = _with(document, kind, [row for row in rows(document, kind) if row[kind.id_field] != key])
    for other, field in kind.listed_in:
        if other in document:
            document = {**document, other: [_unlisted(row, field, key) for row in document[other]]}
    return document


def from_wire(kind: Kind, body: Mapping[str, Any]) -> Row:
    """An entry as Zoom spells it, as the document does."""
    row: Row = {name: value for name, value in body.items() if name not in kind.wire}
    for name, (first, *rest) in kind.wire.items():
        if name in body:
            around = row.get(first) or {}
            if not rest:
                row[first] = body[name]
            elif isinstance(around, dict):  # what it is instead is named when the entry is checked
                row[first] = {**around, rest[0]: body[name]}
    return row


def fixed(kind: Kind, key: str, by_name: bool = False) -> Mapping[str, Any] | None:
    """The entry with an id or a name that is there in every tenant."""
    field = "status_name" if by_name else "status_id"
    return next((row for row in kind.fixed if row[field] == key), None)


def to_wire(kind: Kind, row: Mapping[str, Any]) -> Row:
    """An entry with everything that it does not say, as Zoom spells it."""
    if row in kind.fixed:
        return dict(row)
    full = _shown(kind, row)
    for name, (first, *rest) in kind.wire.items():
        full[name] = full[first].pop(rest[0]) if rest else full.pop(first)
    return full


def place(document: Document, kind: Kind, key: str) -> str:
    """Where an entry stands in the document, as a JSON pointer."""
    if kind.within is None:
        return f"/{kind.name}/{[row[kind.id_field] for row in rows(document, kind)].index(key)}"
    parents, field, _ = kind.within
    for p, parent in enumerate(document.get(parents, ())):
        ids = [_row(kind, each)[kind.id_field] for each in parent.get(field, ())]
        if key in ids:
            return f"/{parents}/{p}/{field}/{ids.index(key)}"
    return f"/{parents}"


def wire_pointer(kind: Kind, at: str, pointer: str) -> str:
    """A place in the document as one in the body that set the entry at `at`; other places stay."""
    if pointer == at and kind.name == "skills":
        return _wire_field(kind)  # in the document it is nothing but its id
    if not pointer.startswith(f"{at}/"):
        return pointer
    inner = tuple(pointer.removeprefix(f"{at}/").split("/"))
    for name, where in kind.wire.items():
        if inner[: len(where)] == where:
            return "/" + "/".join((name, *inner[len(where) :]))
    return "/" + "/".join(inner)


def _wire_field(kind: Kind) -> str:
    """The id's place in a body."""
    return "/" + next((name for name, where in kind.wire.items() if where == (kind.id_field,)), kind.id_field)


def _check_skill(row: Row) -> None:
    """A skill stands in the document as its id alone: what else is said of it is held to its type here."""
    try:
        skill: Skill = adapter_of(Skill).validate_python(row)
    except ValidationError as error:
        raise InvalidRequest("The skill is not valid.", wrong_types(error, Skill)) from None
    if skill.skill_name != skill.skill_id:
        wrong = FieldError("/skill_name", f"A skill is called by its id, which is {skill.skill_id!r}.")
        raise InvalidRequest("The skill is not valid.", [wrong])


def _shown(kind: Kind, row: Mapping[str, Any]) -> Row:
    parent = {kind.within[2]: row[kind.within[2]]} if kind.within else {}
    own = row if kind.name == "skills" else {name: value for name, value in row.items() if name not in parent}
    adapter = adapter_of(kind.type)
    shown: Row = adapter.dump_python(adapter.validate_python(own), mode="json", by_alias=True)
    return {**shown, **parent}


@cache
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Built when it is first needed: most functions never show an entry."""
    return TypeAdapter(kind)


def _row(kind: Kind, entry: Any) -> Row:
    return {"skill_id": entry, "skill_name": entry} if kind.name == "skills" else dict(entry)


def _with(document: Document, kind: Kind, listed: list[Row]) -> Document:
    if kind.within is None:
        return {**document, kind.name: listed}
    parents, field, parent_id = kind.within
    known = [parent[parent_id] for parent in document.get(parents, ())]
    for row in listed:
        if row.get(parent_id) not in known:
            message = missing(parent_id.removesuffix("_id"), str(row.get(parent_id)), known)
            raise InvalidRequest("It belongs nowhere.", [FieldError(f"/{parent_id}", message)])
    by_parent: dict[str, list[Any]] = {each: [] for each in known}
    for row in listed:
        entry = {name: value for name, value in row.items() if name != parent_id}
        by_parent[row[parent_id]].append(row["skill_id"] if kind.name == "skills" else entry)
    return {**document, parents: [_holding(p, field, by_parent[p[parent_id]]) for p in document.get(parents, ())]}


def _holding(parent: Row, field: str, entries: list[Any]) -> Row:
    if not entries and field not in parent:
        return parent
    return {**parent, field: entries}


def _merged(row: Row, changes: Row) -> Row:
    """Of what is nested, only what is named changes."""
    merged = dict(row)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


def _unlisted(row: Row, field: str, key: str) -> Row:
    return {**row, field: [each for each in row[field] if each != key]} if field in row else row
