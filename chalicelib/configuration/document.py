"""A tenant's document, read and written. Reading checks it as a whole and names every place that is wrong."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.configuration.checks import check
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.unions import meant
from chalicelib.errors import FieldError, InvalidRequest

_reader: TypeAdapter[Tenant] = TypeAdapter(Tenant)


def read(document: Any) -> Tenant:
    """The tenant that a JSON-like document describes. Raises `InvalidRequest`."""
    try:
        tenant = _reader.validate_python(document)
    except ValidationError as error:
        raise InvalidRequest("The configuration is not valid.", _fields(error)) from error
    wrong = list(check(tenant))
    if wrong:
        raise InvalidRequest("The configuration contradicts itself.", wrong)
    return tenant


def write(tenant: Tenant) -> dict[str, Any]:
    """The document that describes a tenant; `read(write(t)) == t`."""
    document: dict[str, Any] = _reader.dump_python(tenant, mode="json", by_alias=True, exclude_defaults=True)
    return document


def _fields(error: ValidationError) -> list[FieldError]:
    return [
        FieldError("/" + "/".join(str(part) for part in each["loc"]), each["msg"])
        for each in meant(error.errors(include_url=False, include_input=False, include_context=False))
    ]
