"""Machine clients, their secrets, and the keys that sign their tokens."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib.configuration.kinds import KINDS
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import wire
from chalicelib.http.authorization import ACTIONS, Role, default_scopes, usable_scopes
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import Body, Short
from chalicelib.operations import credentials
from chalicelib.storage.protocol import Client, SigningKeys


class CreateClient(Body):
    """A client's name and role. An agent's says whose; scopes are the role's usual ones where none are given."""

    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    role: Role
    user_id: Short | None = None
    scopes: Annotated[list[Short], Field(min_length=1, max_length=50)] | None = None


class RotateKey(Body):
    """Whether the tokens that are about are good no longer, from a minute later at the latest."""

    revoke_tokens: bool = False


def list_clients(call: Call[None]) -> Answer:
    return Answer(200, {"clients": [_listed(each) for each in call.world.store.clients()]})


def create_client(call: Call[CreateClient]) -> Answer:
    body = call.body
    scopes = default_scopes(body.role) if body.scopes is None else tuple(sorted(set(body.scopes)))
    client = Client(body.client_id, (), body.role, _subject(call), scopes)
    wrong = [scope for scope in scopes if scope not in usable_scopes(body.role) | _narrower(body.role)]
    if wrong:
        message = f"The role {body.role} has no use for {', '.join(wrong)}."
        raise InvalidRequest("Validation Failed.", [FieldError("/scopes", message)])
    return _told(*credentials.create(call.world, client))


def disable_client(call: Call[None]) -> Answer:
    credentials.disable(call.world, call.path["client_id"])
    return Answer(204)


def add_secret(call: Call[None]) -> Answer:
    return _told(*credentials.add_secret(call.world, call.path["client_id"]))


def remove_secret(call: Call[None]) -> Answer:
    credentials.remove_secret(call.world, call.path["client_id"], call.path["secret_id"])
    return Answer(204)


def list_keys(call: Call[None]) -> Answer:
    return Answer(200, _keys(call.world.store.signing_keys()))


def rotate_key(call: Call[RotateKey]) -> Answer:
    return Answer(201, _keys(credentials.rotate_signing_key(call.world, call.body.revoke_tokens)))


def _narrower(role: Role) -> set[str]:
    """The scopes of single kinds of configuration that do instead of the one for all."""
    verbs = [verb for verb in ("read", "write") if role in ACTIONS[f"configuration.{verb}"].reach]
    return {f"{kind.scope}:{verb}:admin" for kind in KINDS if kind.scope for verb in verbs}


def _subject(call: Call[CreateClient]) -> str:
    body = call.body
    if body.role != "agent":
        if body.user_id is not None:
            raise InvalidRequest("Validation Failed.", [FieldError("/user_id", "Only an agent's client has one.")])
        return body.client_id
    user_id = body.user_id or body.client_id
    if user_id not in call.world.latest_tenant().agent_by_id:
        raise InvalidRequest("Validation Failed.", [FieldError("/user_id", f"There is no agent {user_id!r}.")])
    return user_id


def _listed(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "role": client.role,
        **({"user_id": client.subject} if client.role == "agent" else {}),
        "scopes": list(client.scopes),
        "status": "active" if client.secrets else "disabled",
        "secrets": [
            {"secret_id": each.secret_id, "created_at": wire.time_text(each.created_at)} for each in client.secrets
        ],
    }


def _told(client: Client, secret: str) -> Answer:
    """The one answer that holds a secret."""
    told = {"secret_id": client.secrets[-1].secret_id, "client_secret": secret}
    return Answer(201, {**_listed(client), **told})


def _keys(keys: SigningKeys) -> dict[str, Any]:
    until = wire.time_text(credentials.previous_until(keys)) if len(keys.keys) > 1 else None
    listed = [{"key_id": each.key_id, "created_at": wire.time_text(each.created_at)} for each in keys.keys]
    return {"signing_keys": listed, "previous_needed_until": until}


_ALL = "/v2/contact_center/clients"
_ONE = f"{_ALL}/{{client_id}}"
_KEYS = "/v2/contact_center/signing_keys"

ENDPOINTS = (
    Endpoint("GET", _ALL, "client.read", "List the machine clients", list_clients),
    Endpoint(
        "POST",
        _ALL,
        "client.write",
        "Create a machine client; the answer tells its secret, once",
        create_client,
        body=CreateClient,
        status=201,
    ),
    Endpoint("DELETE", _ONE, "client.write", "Disable a machine client", disable_client, status=204),
    Endpoint(
        "POST",
        f"{_ONE}/secrets",
        "client.write",
        "Give a client a second secret, or a disabled one a first; the answer tells it, once",
        add_secret,
        status=201,
    ),
    Endpoint(
        "DELETE", f"{_ONE}/secrets/{{secret_id}}", "client.write", "Take a secret away", remove_secret, status=204
    ),
    Endpoint("GET", _KEYS, "client.read", "List the keys that sign tokens, by id", list_keys),
    Endpoint(
        "POST",
        _KEYS,
        "client.write",
        "Have a new key sign tokens from now on",
        rotate_key,
        body=RotateKey,
        status=201,
    ),
)
