"""Calling other people's servers: public addresses only, no redirects, three seconds and no more."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import urllib3

from chalicelib.messaging.protocol import PostFailed

SECONDS = 3.0
MOST_READ = 16_384
MOST_FETCHED = 65_536
_CARRIERS = tuple(map(ip_network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
"""IPv6 addresses that end with the IPv4 address to which they lead: compatible, mapped, translated, and by NAT64."""
_NAT64_WITHIN = ip_network("64:ff9b:1::/48")
"""The same within one network (RFC 8215), which not every Python knows."""


def is_public(address: str) -> bool:
    """Whether an address is anybody's on the internet, and not one of this network or this machine."""
    found = ip_address(address)
    if isinstance(found, IPv6Address) and any(found in carrier for carrier in _CARRIERS):
        found = IPv4Address(found.packed[-4:])
    if isinstance(found, IPv6Address) and (found.sixtofour or found in _NAT64_WITHIN):
        return False
    return found.is_global and not found.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises `OSError`."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of another server, and how many bytes of its answer are read at the most."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    most: int


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

    def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float = SECONDS) -> bytes:
        """What a receiver answers that took it (at most 16 KiB of it). Raises `PostFailed`.

        Nobody waits longer than `seconds`: not for a name either, nor for one who answers a byte at a time.
        """
        return self._call(Request("POST", url, headers, body, MOST_READ), seconds)

    def fetch(self, url: str) -> bytes:
        """A document of at most 64 KiB, the whole of it. Raises `PostFailed`."""
        found = self._call(Request("GET", url, {"Accept": "application/json"}, None, MOST_FETCHED + 1), SECONDS)
        if len(found) > MOST_FETCHED:
            raise PostFailed(f"It answered more than {MOST_FETCHED} bytes.")
        return found

    def _call(self, request: Request, seconds: float) -> bytes:
        try:
            parts = urlsplit(request.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise PostFailed("It is no address.") from error
        if parts.scheme not in self._schemes or not parts.hostname or not parts.netloc.isascii():
            raise PostFailed("It is no https address.")
        executor = ThreadPoolExecutor(1)
        called = executor.submit(self._answer, parts, port, request, seconds)
        executor.shutdown(wait=False)
        try:
            return called.result(seconds)
        except TimeoutError as error:
            raise PostFailed(f"No answer within {seconds:g} s.") from error

    def _answer(self, parts: SplitResult, port: int, request: Request, seconds: float) -> bytes:
        host = parts.hostname or ""
        try:
            addresses = list(self._resolve(host, port))
        except (OSError, UnicodeError) as error:  # no such name, or none that there can be
            raise PostFailed(f"The name {host} leads nowhere.") from error
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise PostFailed(f"The name {host} leads to an address that is not public.")
        path = parts.path or "/"
        if parts.query:
            path += f"?{parts.query}"
        with _pool(parts.scheme, host, addresses[0], port, seconds) as pool:
            try:
                answer = pool.request(
                    request.method,
                    path,
                    body=request.body,
                    headers={**request.headers, "Host": parts.netloc},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                said: bytes = answer.read(request.most)
            except urllib3.exceptions.HTTPError as error:
                raise PostFailed(f"{type(error).__name__} within {seconds:g} s.") from error
        if not 200 <= answer.status < 300:
            raise PostFailed(f"It answered {answer.status}.")
        return said


def _pool(scheme: str, host: str, address: str, port: int, seconds: float) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(total=seconds)
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        address, port, timeout=timeout, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED"
    )
