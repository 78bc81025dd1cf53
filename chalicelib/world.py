"""What every operation is given: storage, messaging, the clock, randomness and the tenant's configuration."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.configuration.document import effective
from chalicelib.configuration.tenant import Tenant
from chalicelib.messaging.protocol import Poster, Transport
from chalicelib.storage.protocol import Store

CONFIGURATION_MAX_AGE_MS = 5_000
"""How long a configuration is used before its version is checked again."""


@dataclass
class World:
    """The outside, as seen from the operations. Everything that is not pure comes through here."""

    store: Store
    transport: Transport
    now: Callable[[], int]
    """Epoch milliseconds."""
    token: Callable[[int], bytes]
    """That many unguessable bytes."""
    account_id: str
    poster: Poster
    _tenant: Tenant = field(default_factory=Tenant)
    _tenant_version: int = 0
    _tenant_checked_at: int | None = None
    _signing_key: str | None = None

    def tenant(self) -> Tenant:
        """The configuration applied now, or at most `CONFIGURATION_MAX_AGE_MS` ago."""
        checked_at = self._tenant_checked_at
        if checked_at is None or self.now() - checked_at >= CONFIGURATION_MAX_AGE_MS:
            return self.latest_tenant()
        return self._tenant

    def latest_tenant(self) -> Tenant:
        """The configuration applied now. For whoever is asked for something that the one at hand does not know."""
        version = self.store.configuration_version()
        if version != self._tenant_version:
            found = self.store.configuration(version)
            self._tenant = effective(found.document, found.removed)
            self._tenant_version = version
        self._tenant_checked_at = self.now()
        return self._tenant

    def signing_key(self) -> str:
        """The key that signs the tenant's tokens; made when it is first needed."""
        if self._signing_key is None:
            self._signing_key = self.store.signing_key(urlsafe_b64encode(self.token(32)).decode())
        return self._signing_key

    def new_id(self) -> str:
        """A short unguessable id (22 characters)."""
        return urlsafe_b64encode(self.token(16)).rstrip(b"=").decode()
