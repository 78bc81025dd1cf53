"""A tenant's document, read and written. Reading checks it as a whole and names every place that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from chalicelib.configuration.naming import missing
from chalicelib.configuration.shared import COUNTRY
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.unions import meant
from chalicelib.configuration.vocabulary import IDENTIFIER, WORD
from chalicelib.errors import FieldError, InvalidRequest

PATTERNS = {
    IDENTIFIER: "Use letters, digits, _ and -, at most 40 of them.",
    WORD: "Use letters, digits, spaces, _ and -, at most 30 of them.",
    COUNTRY: "Use the two letters of a country, such as FR.",
    "^https://": "Use a whole address, which begins with https:// and names no user.",
}
"""What to say of text that does not fit a pattern."""


@cache
def _adapter() -> TypeAdapter[Tenant]:
    """Built when the first document is read."""
    return TypeAdapter(Tenant)


def read(document: Any) -> Tenant:
    """The tenant that a JSON-like document describes. Raises `InvalidRequest`."""
    from chalicelib.configuration.checks import check  # only whoever changes a configuration checks it

    tenant = parse(document)
    wrong = list(check(tenant))
    if wrong:
        raise InvalidRequest("The configuration contradicts itself.", wrong)
    return tenant


def parse(document: Any) -> Tenant:
    """The same for a document that was checked when it was applied. Raises `InvalidRequest` for a wrong type."""
    try:
        return _adapter().validate_python(document)
    except ValidationError as error:
        raise InvalidRequest("The configuration is not valid.", wrong_types(error, Tenant)) from None


def effective(document: Mapping[str, Any], removed: Iterable[str]) -> Tenant:
    """The tenant that routes by an applied document: what is still on its way to queues that were removed from it
    goes through its own flow again, where the document does not say better."""
    gone = dict.fromkeys(removed) | dict(document.get("moved_queues", {}))
    return parse({**document, "moved_queues": gone} if gone else document)


def write(tenant: Tenant) -> dict[str, Any]:
    """The document that describes a tenant; `read(write(t)) == t`."""
    document: dict[str, Any] = _adapter().dump_python(tenant, mode="json", by_alias=True, exclude_defaults=True)
    return document


def wrong_types(error: ValidationError, kind: Any) -> list[FieldError]:
    """What pydantic found wrong with a value of a kind, as errors that say what to do."""
    found = meant(error.errors(include_url=False, include_input=False, include_context=False))
    return [FieldError(pointer(each["loc"]), _remedy(each, kind)) for each in found]


def pointer(parts: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _remedy(error: Any, kind: Any) -> str:
    match error["type"]:
        case "missing":
            return "This field is missing; add it."
        case "extra_forbidden" | "unexpected_keyword_argument":
            *parents, last = error["loc"]
            known = _fields_at(kind, tuple(parents))
            return missing("field", str(last), known) if known else f"There is no field {str(last)!r} here."
        case "string_pattern_mismatch" if found := [
            says for pattern, says in PATTERNS.items() if pattern in error["msg"]
        ]:
            return found[0]
        case "no_kind":
            return str(error["msg"])
        case "tuple_type":
            return "This must be a list."
        case "dataclass_type" | "dict_type" | "mapping_type":
            return "This must be an object: fields with their values."
        case _:
            return f"{error['msg']}."


def _fields_at(kind: Any, place: tuple[int | str, ...]) -> list[str]:
    """The fields of the dataclass at a place within a kind; none where it cannot be told."""
    for part in place:
        if isinstance(part, str) and any(getattr(each, "__name__", "") == part for each in _members(kind)):
            kind = next(each for each in _members(kind) if getattr(each, "__name__", "") == part)
            continue
        kind = next((inner for each in _members(kind) if (inner := _within(each, part)) is not None), None)
    found = next((each for each in _members(kind) if is_dataclass(each)), None)
    return [each.name.rstrip("_") for each in fields(found)] if found else []


def _members(kind: Any) -> tuple[Any, ...]:
    """A union's members; else the kind itself."""
    origin = get_origin(kind)
    if origin is Union or getattr(origin, "__name__", "") == "UnionType":
        return get_args(kind)
    return (kind,)


def _within(kind: Any, part: int | str) -> Any:
    """The kind of a part of a value."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return hints.get(str(part)) or hints.get(f"{part}_")  # a field whose name is a word of Python's
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(part, int):
        return inner[0]
    return inner[1] if isinstance(origin, type) and issubclass(origin, Mapping) else None
