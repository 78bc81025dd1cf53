"""People by the tokens of the tenant's identity providers: who is let in as what, and the many who are not."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.configuration.document import read
from chalicelib.errors import InvalidRequest
from chalicelib.http.authentication import principal_of
from chalicelib.http.authorization import default_scopes
from tests.support.api import Api, Reply, zoom_body
from tests.support.worlds import NOW, TENANT

ISSUER = "https://login.example.com/acme"
JWKS = "https://login.example.com/acme/keys"
PROVIDER = {
    "issuer": ISSUER,
    "audience": "interleave-acme",
    "jwks_url": JWKS,
    "user_claim": "preferred_id",
    "role_claim": "groups",
    "roles": {"cc-agents": "agent", "cc-leads": "supervisor", "cc-admins": "admin"},
}
OTHER = {**PROVIDER, "issuer": "https://login.example.com/other", "jwks_url": "https://login.example.com/other/keys"}
ME = "/v2/contact_center/users/me/status"
SECONDS = NOW // 1000


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def published(*keys: tuple[str, Any], **also: Any) -> bytes:
    sets = [
        json.loads(
            (jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm).to_jwk(
                key.public_key()
            )
        )
        | {"kid": key_id, **also}
        for key_id, key in keys
    ]
    return json.dumps({"keys": sets}).encode()


def claims(**changes: Any) -> dict[str, Any]:
    usual = {
        "iss": ISSUER,
        "aud": "interleave-acme",
        "sub": "7f0c",
        "preferred_id": "ana",
        "groups": ["everybody", "cc-agents"],
        "iat": SECONDS,
        "exp": SECONDS + 3600,
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def signed(key: Any = None, algorithm: str = "RS256", kid: str | None = "one", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key or rsa_key("one"), algorithm, {"kid": kid} if kid else None)


@pytest.fixture
def acme(api: Api) -> Api:
    """A tenant with two identity providers."""
    api.centre.configure({**TENANT, "identity_providers": [PROVIDER, OTHER]})
    api.centre.clock.pass_seconds(5)
    api.centre.posts.documents = {
        JWKS: published(("one", rsa_key("one")), ("curve", ec_key("curve"))),
        OTHER["jwks_url"]: published(("other", rsa_key("other"))),
    }
    return api


def call(api: Api, token: str, path: str = ME) -> Reply:
    return Api(api.centre, api.http, token).get(path)


@pytest.mark.parametrize("key", [("one", rsa_key, "RS256"), ("one", rsa_key, "PS256"), ("curve", ec_key, "ES256")])
def test_an_agent_is_let_in_by_his_provider(acme: Api, key: tuple[str, Callable[[str], Any], str]) -> None:
    name, made, algorithm = key
    token = signed(made(name), algorithm, name)
    assert call(acme, token).status == 200
    assert Api(acme.centre, acme.http, token).patch(ME, {"status_id": "3"}).status == 204
    assert acme.centre.occupancy("ana").status == "ready"
    assert call(acme, token, "/v2/contact_center/users/ben/status").status == 404


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["cc-agents"], "agent"),
        ("cc-agents", "agent"),
        (["cc-agents", "cc-leads"], "supervisor"),
        (["cc-admins", "cc-leads", "cc-agents"], "admin"),
    ],
)
def test_the_claim_gives_the_highest_of_its_roles_with_its_usual_scopes(acme: Api, groups: Any, role: Any) -> None:
    found = principal_of(acme.centre.world, f"Bearer {signed(groups=groups)}")
    assert (found.role, found.subject, found.scopes) == (role, "ana", frozenset(default_scopes(role)))


def test_without_a_role_claim_whoever_is_an_agent_of_the_tenant_is_let_in_as_one(acme: Api) -> None:
    plain = {name: PROVIDER[name] for name in ("issuer", "audience", "jwks_url")}
    acme.centre.configure({**TENANT, "identity_providers": [plain]})
    acme.centre.clock.pass_seconds(5)
    assert call(acme, signed(sub="ana", groups=["cc-admins"])).status == 200
    assert call(acme, signed(sub="ana", groups=["cc-admins"]), "/v2/contact_center/configuration").status == 403
    assert call(acme, signed(sub="7f0c")).status == 401


def _hmac_with_the_public_key() -> str:
    pem = rsa_key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return forged({"alg": "HS256", "kid": "one", "typ": "JWT"}, pem)


def forged(header: dict[str, Any], key: bytes, **changes: Any) -> str:
    """By hand: PyJWT refuses to be misused like this."""
    parts = [urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims(**changes))]
    content = b".".join(parts)
    mac = hmac.digest(key, content, hashlib.sha256)
    return (content + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()


def _tampered() -> str:
    head, _, signature = signed().split(".")
    return ".".join((head, signed(preferred_id="ben").split(".")[1], signature))


BAD: dict[str, Callable[[], str]] = {
    "alg none": lambda: jwt.encode(claims(), "", "none", {"kid": "one"}),
    "alg none, and a signature": lambda: forged({"alg": "none", "kid": "one"}, b"k"),
    "HS256 with the public key": _hmac_with_the_public_key,
    "RS256 made with an HMAC": lambda: forged({"alg": "RS256", "kid": "one"}, b"k"),
    "an algorithm that is not on the list": lambda: signed(algorithm="RS512"),
    "a key of another kind": lambda: signed(kid="curve"),
    "wrong issuer": lambda: signed(iss="https://login.example.com/evil"),
    "issuer with a slash more": lambda: signed(iss=f"{ISSUER}/"),
    "issuer in capitals": lambda: signed(iss=ISSUER.upper()),
    "issuers in a list": lambda: forged({"alg": "RS256", "kid": "one"}, b"k", iss=[ISSUER]),
    "no issuer": lambda: signed(iss=None),
    "our own issuer": lambda: signed(iss="account"),
    "wrong audience": lambda: signed(aud="interleave-other"),
    "no audience": lambda: signed(aud=None),
    "expired": lambda: signed(exp=SECONDS - 61 + 5),
    "no expiry": lambda: signed(exp=None),
    "expiry that is no time": lambda: signed(exp="never"),
    "not yet valid": lambda: signed(nbf=SECONDS + 62 + 5),
    "issued in the future": lambda: signed(iat=SECONDS + 62 + 5),
    "never issued": lambda: signed(iat=None),
    "unknown key": lambda: signed(kid="two"),
    "no key named": lambda: signed(kid=None),
    "another key under that name": lambda: signed(rsa_key("two")),
    "another provider's key": lambda: signed(rsa_key("other"), kid="other"),
    "another provider's name": lambda: signed(iss=OTHER["issuer"]),
    "no user": lambda: signed(preferred_id=None),
    "a user that is no name": lambda: signed(preferred_id=["ana"]),
    "an empty user": lambda: signed(preferred_id="", groups=["cc-leads"]),
    "no agent of ours": lambda: signed(preferred_id="zoe"),
    "unknown role": lambda: signed(groups=["root", "admin"]),
    "no role": lambda: signed(groups=None),
    "a role that is no name": lambda: signed(groups=[{"cc-admins": True}, 1, None]),
    "tampered": _tampered,
    "signature left out": lambda: signed().rsplit(".", 1)[0] + ".",
}


@pytest.mark.parametrize("name", BAD)
def test_i12_nobody_is_let_in_by_a_token_like(acme: Api, name: str) -> None:
    assert call(acme, signed()).status == 200
    reply = call(acme, BAD[name]())
    assert (reply.status, reply.body["code"]) == (401, 124)
    assert "ana" not in str(reply.body)


def test_clocks_may_differ_by_a_minute(acme: Api) -> None:
    now = acme.centre.world.now() // 1000
    assert call(acme, signed(exp=now - 59)).status == 200
    assert call(acme, signed(exp=now - 60)).status == 401
    assert call(acme, signed(iat=now + 60, nbf=now + 60)).status == 200


@pytest.mark.parametrize(
    "document",
    [
        published(("one", rsa_key("short", 1024))),
        published(("one", rsa_key("one")), use="enc"),
        published(("one", rsa_key("one")), alg="RS512"),
        json.dumps({"keys": [{"kid": "one", "kty": "oct", "k": "a2V5"}]}).encode(),
        json.dumps({"keys": [{"kid": "one", "kty": "RSA", "n": "!", "e": "AQAB"}]}).encode(),
        json.dumps({"keys": [{"kid": "one"}, "x", None]}).encode(),
        b'{"keys": 1}',
        b"[]",
        b"<html>",
        b"[" * 60_000,
    ],
    ids=["short", "for encryption", "other algorithm", "secret", "broken", "empty", "none", "list", "page", "deep"],
)
@pytest.mark.filterwarnings("ignore:The RSA key is")
def test_keys_that_are_none_let_nobody_in(acme: Api, document: bytes) -> None:
    acme.centre.posts.documents[JWKS] = document
    key = rsa_key("short", 1024) if document == published(("one", rsa_key("short", 1024))) else rsa_key("one")
    assert call(acme, signed(key)).status == 401


def test_keys_are_fetched_once_an_hour_and_unknown_ones_looked_for_once_in_half_a_minute(acme: Api) -> None:
    clock, posts = acme.centre.clock, acme.centre.posts
    for _ in range(3):
        assert call(acme, signed()).status == 200
    assert posts.fetched == [JWKS]
    posts.documents[JWKS] = published(("two", rsa_key("two")))
    assert [call(acme, signed(rsa_key("two"), kid="two")).status for _ in range(3)] == [401] * 3
    assert posts.fetched == [JWKS], "it has just been fetched"
    clock.pass_seconds(30)
    assert call(acme, signed(rsa_key("two"), kid="two")).status == 200
    assert call(acme, signed()).status == 401, "the provider has taken it back"
    assert len(posts.fetched) == 2
    clock.pass_seconds(3600)
    assert call(acme, signed(rsa_key("two"), kid="two", exp=SECONDS + 9999)).status == 200
    assert len(posts.fetched) == 3


def test_a_provider_that_is_down_shuts_nobody_out_for_a_day(acme: Api) -> None:
    clock, posts = acme.centre.clock, acme.centre.posts
    token = signed(exp=SECONDS + 200_000)
    assert call(acme, token).status == 200
    posts.documents.clear()
    clock.pass_seconds(86_399)
    assert [call(acme, token).status for _ in range(5)] == [200] * 5
    assert len(posts.fetched) == 2, "nobody waits for it more than once in half a minute"
    clock.pass_seconds(1)
    assert call(acme, token).status == 401


def test_tokens_of_ours_need_no_provider(acme: Api) -> None:
    assert acme.by("crm").post("/v2/contact_center/engagement", zoom_body()).status == 201
    assert acme.centre.posts.fetched == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"issuer": "http://login.example.com"}, "/identity_providers/0/issuer"),
        ({"jwks_url": "http://login.example.com/keys"}, "/identity_providers/0/jwks_url"),
        ({"jwks_url": "https://169.254.169.254/keys"}, "/identity_providers/0/jwks_url"),
        ({"jwks_url": "https://user@login.example.com/keys"}, "/identity_providers/0/jwks_url"),
        ({"roles": {"x": "integration"}}, "/identity_providers/0/roles/x"),
        ({"roles": {}}, "/identity_providers/0/roles"),
        ({"role_claim": None}, "/identity_providers/0/roles"),
        ({"audience": ""}, "/identity_providers/0/audience"),
    ],
)
def test_a_provider_that_could_not_be_trusted_is_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({**TENANT, "identity_providers": [{**PROVIDER, **changes}]})
    assert [each.pointer for each in refused.value.errors] == [pointer]


def test_an_issuer_is_named_once() -> None:
    with pytest.raises(InvalidRequest):
        read({**TENANT, "identity_providers": [PROVIDER, PROVIDER]})
