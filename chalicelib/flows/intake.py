"""Webhook intake: how a foreign system's call is known to be its own, and how its payload becomes a start. Pure.

Everything is data: a scheme of signature, and JMESPath over `{"body": the payload, "headers": by lower-case name}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from chalicelib.errors import FieldError, InvalidRequest, NotAuthenticated
from chalicelib.flows.conditions import STRICT
from chalicelib.flows.expressions import ExpressionFailed, Work, is_true, search

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
"""What no expression sees."""
CUT = {"work_item_name": 255, "work_item_desc": 16_384, "consumer_display_name": 255}
"""Texts that people write are cut to what a start may carry; everything else has to fit."""
LONGEST_VALUE = 1024
WORK_ITEM = (
    *("work_item_name", "work_item_id", "work_item_desc", "work_item_type_id", "work_item_type"),
    *("work_item_due_date", "work_item_origin", "work_item_priority", "work_item_transcript_url"),
    "work_item_hyperlink",
)
CONSUMER = ("consumer_display_name", "consumer_external_id", "consumer_email", "consumer_number")
"""The fields of a start."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """The header that says when the call was signed (ISO 8601, or seconds or milliseconds since 1970)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    header: str
    within: int = 300
    """Seconds by which it may be off."""


@dataclass(frozen=True, slots=True)
class Hmac:
    """HMAC-SHA256 of the body, or of more than that, with the secret's characters as its key."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    header: str
    prefix: str = ""
    """What stands before the signature in the header."""
    encoding: Literal["hex", "base64"] = "hex"
    signs: str = "{body}"
    """What is signed: `{body}` and `{timestamp}`, and what stands between them."""
    timestamp: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class SignedByHmac:
    """The call is signed."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    hmac: Hmac


@dataclass(frozen=True, slots=True)
class Basic:
    """The user name of HTTP Basic; the secret is the password."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    user: str


@dataclass(frozen=True, slots=True)
class ByPassword:
    """The call carries a user name and the secret (HTTP Basic)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    basic: Basic


@dataclass(frozen=True, slots=True)
class Token:
    """A header that holds the secret, after a prefix."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    header: str = "Authorization"
    prefix: str = "Bearer "


@dataclass(frozen=True, slots=True)
class ByToken:
    """The call carries the secret in a header."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    token: Token


Signature = SignedByHmac | ByPassword | ByToken


@dataclass(frozen=True, slots=True)
class StartMapping:
    """By field of a start, the expression that finds it. What finds nothing, or an empty text, is left out."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    work_item_variables: Mapping[str, str]
    consumer: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    language_code: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """How a foreign system's webhook becomes a start."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    signature: Signature
    mapping: StartMapping
    only_if: str | None = None
    """An expression; where it does not hold, the call is answered and nothing is started."""
    delivery_id: str | None = None
    """An expression that finds what is the same whenever the same call is sent again: the Idempotency-Key."""

    def expressions(self) -> Iterator[tuple[str, str]]:
        """Every expression, by its place."""
        for name in ("only_if", "delivery_id"):
            if (text := getattr(self, name)) is not None:
                yield name, text
        for name in ("work_item_variables", "consumer", "variables"):
            for key, text in getattr(self.mapping, name).items():
                yield f"mapping/{name}/{key}", text
        if self.mapping.language_code is not None:
            yield "mapping/language_code", self.mapping.language_code


def verify(signature: Signature, secret: str, headers: Mapping[str, str], body: bytes, now: int) -> None:
    """Return if the call is the system's own. Raises `NotAuthenticated`.

    `headers` are by lower-case name, `now` is epoch milliseconds.
    """
    match signature:
        case SignedByHmac(hmac=scheme):
            _verify_hmac(scheme, secret, headers, body, now)
        case ByPassword(basic=basic):
            encoded = base64.b64encode(f"{basic.user}:{secret}".encode()).decode()
            _same(headers, "Authorization", f"Basic {encoded}")
        case ByToken(token=token):
            _same(headers, token.header, f"{token.prefix}{secret}")


def _verify_hmac(scheme: Hmac, secret: str, headers: Mapping[str, str], body: bytes, now: int) -> None:
    timestamp = ""
    if scheme.timestamp is not None:
        timestamp = headers.get(scheme.timestamp.header.lower(), "")
        signed_at = _moment(timestamp)
        if signed_at is None or abs(now - signed_at) > 1000 * scheme.timestamp.within:
            raise NotAuthenticated(
                f"{scheme.timestamp.header} is missing, or not within {scheme.timestamp.within} seconds of now."
            )
    before, _, after = scheme.signs.replace("{timestamp}", timestamp).partition("{body}")
    digest = hmac.new(secret.encode(), before.encode() + body + after.encode(), hashlib.sha256)
    text = digest.hexdigest() if scheme.encoding == "hex" else base64.b64encode(digest.digest()).decode()
    _same(headers, scheme.header, scheme.prefix + text)


def _same(headers: Mapping[str, str], name: str, expected: str) -> None:
    given = headers.get(name.lower())
    if given is None:
        raise NotAuthenticated(f"The header {name} is missing.")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAuthenticated(f"The header {name} is not right; compare the secret at both ends.")


def _moment(text: str) -> int | None:
    """Epoch milliseconds, or None where it is no time."""
    if text.isascii() and text.isdecimal() and len(text) <= 16:
        return int(text) if len(text) > 11 else 1000 * int(text)
    try:
        found = datetime.fromisoformat(text)
        return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a call asks for: the fields of a start, to be checked like any, and what names the delivery."""

    fields: Mapping[str, Any]
    delivery_id: str | None


def mapped(intake: Intake, payload: Any, headers: Mapping[str, str]) -> Mapped | None:
    """What a call asks for; None where it is to start nothing. All expressions share the work of one.

    Raises `InvalidRequest` for an expression that fails.
    """
    look = _Look(input_of(payload, headers, intake.signature), Work())
    if intake.only_if is not None and not is_true(look.at("only_if", intake.only_if)):
        return None
    delivery = None if intake.delivery_id is None else look.at("delivery_id", intake.delivery_id)
    return Mapped(_start_of(intake.mapping, look), None if delivery is None else _text(delivery))


@dataclass(frozen=True, slots=True)
class _Look:
    """A call that expressions look at."""

    given: Mapping[str, Any]
    work: Work

    def at(self, place: str, text: str) -> Any:
        try:
            return search(text, self.given, self.work)
        except ExpressionFailed as failed:
            wrong = [FieldError(f"/{place}", str(failed))]
            raise InvalidRequest("The mapping does not fit the payload.", wrong) from None

    def fields(self, place: str, expressions: Mapping[str, str]) -> dict[str, Any]:
        found = {name: self.at(f"mapping/{place}/{name}", text) for name, text in expressions.items()}
        return {name: _fitting(name, value) for name, value in found.items() if value not in (None, "")}


def input_of(payload: Any, headers: Mapping[str, str], signature: Signature) -> dict[str, Any]:
    """What the expressions see: the payload and the headers, but for those that prove who calls."""
    secret = set(SECRET_HEADERS)
    match signature:
        case SignedByHmac(hmac=scheme):
            secret.add(scheme.header.lower())
        case ByToken(token=token):
            secret.add(token.header.lower())
    return {"body": payload, "headers": {name: value for name, value in headers.items() if name not in secret}}


def _start_of(mapping: StartMapping, look: _Look) -> dict[str, Any]:
    start: dict[str, Any] = {"work_item_variables": look.fields("work_item_variables", mapping.work_item_variables)}
    consumer = look.fields("consumer", mapping.consumer)
    if consumer:
        start["consumers"] = [consumer]
    variables = look.fields("variables", mapping.variables)
    if variables:
        start["variables"] = [{"name": name, "value": text[:LONGEST_VALUE]} for name, text in variables.items()]
    if mapping.language_code is not None:
        language = look.at("mapping/language_code", mapping.language_code)
        start |= {} if language in (None, "") else {"language_code": language}
    return start


def _fitting(name: str, value: Any) -> Any:
    if name == "work_item_priority":
        return value
    return _text(value)[: CUT.get(name)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
