"""Addresses that a document names: whether there can be such a host and port, and whether everybody can reach them."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

NO_ADDRESS = "This is no address; write a whole one, such as https://crm.example.com."
NO_PORT = "Its port is a number from 1 to 65535; correct it, or leave it out."
NOT_ASCII = "Write its host as it is registered, in plain letters (xn--…)."
NOT_PUBLIC = "Its address must be a public one."


def wrong_address(url: str) -> str | None:
    """What is wrong with an address; None where nothing is."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bracket that is not closed
        return NO_ADDRESS
    if not parts.hostname:
        return NO_ADDRESS
    if not parts.netloc.isascii():
        return NOT_ASCII
    try:
        return NO_PORT if parts.port == 0 else None
    except ValueError:
        return NO_PORT


def wrong_public_address(url: str) -> str | None:
    """The same of an address that is called from here."""
    return wrong_address(url) or (None if _is_public(urlsplit(url).hostname or "") else NOT_PUBLIC)


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return not (host == "localhost" or host.endswith((".localhost", ".internal", ".local")))
