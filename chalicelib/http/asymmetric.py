"""Signatures by keys that only an identity provider has: what PyJWT needs to check them, on pycryptodome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

import jwt
from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pkcs1_15, pss
from jwt.algorithms import Algorithm
from jwt.utils import base64url_decode

SHORTEST_RSA_BITS = 2048


class Scheme(Protocol):
    """A signature scheme with a key in it."""

    def verify(self, digest: Any, signature: bytes) -> object:
        """Raises `ValueError` where the key has not made the signature."""


class Verifier(Algorithm):
    """One algorithm of RFC 7518, for published keys (RFC 7517) and for checking only."""

    def __init__(self, name: str, scheme_of: Callable[[Mapping[str, Any]], Scheme]) -> None:
        self._name = name
        self._scheme_of = scheme_of

    def prepare_key(self, key: Any) -> Scheme:
        """The scheme with the public half of a published key. Raises `InvalidKeyError`."""
        if key.get("alg", self._name) != self._name or key.get("use", "sig") != "sig":
            raise jwt.InvalidKeyError("The key is for something else.")
        try:
            return self._scheme_of(key)
        except (ValueError, TypeError, LookupError) as error:
            raise jwt.InvalidKeyError("The key is not usable.") from error

    def verify(self, msg: bytes, key: Scheme, sig: bytes) -> bool:
        """Whether the key has signed this."""
        try:
            key.verify(SHA256.new(msg), sig)
        except ValueError:
            return False
        return True

    def sign(self, msg: bytes, key: Any) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: Any) -> NoReturn:
        raise NotImplementedError


def _rsa(key: Mapping[str, Any]) -> RSA.RsaKey:
    if key["kty"] != "RSA":
        raise ValueError("It is no RSA key.")
    found = RSA.construct((_number(key["n"]), _number(key["e"])))
    if found.size_in_bits() < SHORTEST_RSA_BITS:
        raise ValueError("It is too short.")
    return found


def _p256(key: Mapping[str, Any]) -> ECC.EccKey:
    if (key["kty"], key["crv"]) != ("EC", "P-256"):
        raise ValueError("It is no key on P-256.")
    return ECC.construct(curve="P-256", point_x=_number(key["x"]), point_y=_number(key["y"]))


def _number(text: str) -> int:
    return int.from_bytes(base64url_decode(text))


_SCHEMES: Mapping[str, Callable[[Mapping[str, Any]], Scheme]] = {
    "RS256": lambda key: pkcs1_15.new(_rsa(key)),
    "PS256": lambda key: pss.new(_rsa(key)),
    "ES256": lambda key: DSS.new(_p256(key), "fips-186-3"),
}
ALGORITHMS = tuple(_SCHEMES)
SIGNATURES = jwt.PyJWS(algorithms=[])
for _name, _scheme_of in _SCHEMES.items():
    SIGNATURES.register_algorithm(_name, Verifier(_name, _scheme_of))
