"""Posting to other people's servers: public addresses only, no redirects, three seconds and no more."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import urllib3

SECONDS = 3.0
MOST_READ = 16_384


class PostFailed(Exception):
    """Why nothing, or nothing good, came back; for the list of deliveries."""


def is_public(address: str) -> bool:
    """Whether an address is anybody's on the internet, and not one of this network or this machine."""
    found = ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not (mapped or found).is_multicast


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises `OSError`."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class HttpPoster:
    """Connects to the very address that was checked, so that a name cannot lead elsewhere a moment later."""

    def __init__(
        self,
        resolve: Callable[[str, int], Iterable[str]] = resolve,
        allowed: Callable[[str], bool] = is_public,
        schemes: tuple[str, ...] = ("https",),
    ) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._schemes = schemes

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """What a receiver answers that took it (at most 16 KiB of it). Raises `PostFailed`."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in self._schemes or not host:
            raise PostFailed("It is no https address.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            addresses = list(self._resolve(host, port))
        except OSError as error:
            raise PostFailed(f"The name {host} leads nowhere.") from error
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise PostFailed(f"The name {host} leads to an address that is not public.")
        path = parts.path or "/"
        if parts.query:
            path += f"?{parts.query}"
        return self._send(parts.scheme, host, addresses[0], port, path, {**headers, "Host": parts.netloc}, body)

    def _send(
        self, scheme: str, host: str, address: str, port: int, path: str, headers: Mapping[str, str], body: bytes
    ) -> bytes:
        timeout = urllib3.Timeout(total=SECONDS)
        pool: urllib3.HTTPConnectionPool
        if scheme == "https":
            pool = urllib3.HTTPSConnectionPool(
                address, port, timeout=timeout, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED"
            )
        else:
            pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout)
        try:
            answer = pool.request(
                "POST", path, body=body, headers=headers, redirect=False, retries=False, preload_content=False
            )
            said: bytes = answer.read(MOST_READ)
        except urllib3.exceptions.HTTPError as error:
            raise PostFailed(f"{type(error).__name__} within {SECONDS:g} s.") from error
        finally:
            pool.close()
        if not 200 <= answer.status < 300:
            raise PostFailed(f"It answered {answer.status}.")
        return said
