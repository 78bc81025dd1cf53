"""What every operation is given: storage, messaging, the clock, randomness and the tenant's configuration."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.archive.protocol import Archive
from chalicelib.configuration.document import effective
from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.model import as_id
from chalicelib.errors import LostRace
from chalicelib.messaging.keys import KeySets
from chalicelib.messaging.protocol import Poster, Transport
from chalicelib.storage.protocol import SigningKey, SigningKeys, Store

CONFIGURATION_MAX_AGE_MS = 5_000
"""How long a configuration is used before its version is checked again."""
KEYS_MAX_AGE_MS = 60_000
"""How long the keys of the tenant's tokens are used before they are read again."""
KEYS_COOL_DOWN_MS = 1_000
"""How often at most they are read because of a token that names another."""


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
    archive: Archive | None = None
    """Where facts are kept for ever, if anywhere."""
    _tenant: Tenant = field(default_factory=Tenant)
    _tenant_version: int = 0
    _tenant_checked_at: int | None = None
    _keys: SigningKeys = field(default_factory=SigningKeys)
    _keys_read_at: int = 0
    _key_sets: KeySets | None = None

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

    def is_configured(self) -> bool:
        """Whether a configuration was ever applied. Where none was, rows may be those of a restore that is not done."""
        self.tenant()
        return self._tenant_version > 0

    def tenant_at(self, version: int) -> Tenant:
        """The configuration of a version that was applied."""
        tenant = self.latest_tenant()
        if version == self._tenant_version:
            return tenant
        found = self.store.configuration(version)
        return effective(found.document, found.removed)

    def signing_key(self) -> SigningKey:
        """The key that signs the tenant's tokens; made when it is first needed."""
        if self._keys_age() >= KEYS_MAX_AGE_MS:
            self._read_keys()
        return self._keys.keys[0]

    def key_of(self, key_id: str) -> SigningKey | None:
        """The key of that id, if tokens that it signed are believed."""
        age = self._keys_age()
        if age >= KEYS_MAX_AGE_MS or (age >= KEYS_COOL_DOWN_MS and self._key(key_id) is None):
            self._read_keys()
        return self._key(key_id)

    def new_keys(self, *kept: SigningKey, version: int) -> SigningKeys:
        """A new key signs, the kept ones are still believed, and no other. Raises `LostRace`."""
        key = SigningKey(self.new_id(), self.new_secret(), self.now())
        self._keys = self.store.put_signing_keys(SigningKeys((key, *kept), version))
        self._keys_read_at = self.now()
        return self._keys

    def key_sets(self) -> KeySets:
        """The published keys of identity providers."""
        self._key_sets = self._key_sets or KeySets(self.poster, self.now)
        return self._key_sets

    def _key(self, key_id: str) -> SigningKey | None:
        return next((key for key in self._keys.keys if key.key_id == key_id), None)

    def _keys_age(self) -> int:
        return self.now() - self._keys_read_at if self._keys.keys else KEYS_MAX_AGE_MS

    def _read_keys(self) -> None:
        self._keys, self._keys_read_at = self.store.signing_keys(), self.now()
        if not self._keys.keys:
            try:
                self.new_keys(version=0)
            except LostRace:  # somebody else made the first at the same moment
                self._keys = self.store.signing_keys()

    def new_secret(self) -> str:
        """What nobody can guess, to be told once."""
        return urlsafe_b64encode(self.token(32)).rstrip(b"=").decode()

    def new_id(self) -> str:
        """A short unguessable id (22 characters)."""
        return as_id(self.token(16))
