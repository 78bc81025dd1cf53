"""How a tenant is deployed, from one small file: `tenants/<name>.yaml`. Without the file everything is as usual."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.stacks import DeployFailed, Parameters

FOLDER = Path("tenants")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 32
RESERVED = "-queue"
"""A tenant's work-item queues are named `interleave-<tenant>-queue-…`; another tenant's stack must not be."""
COGNITOS = ("amazon", "aws", "cognito")
"""Words that no address of a user pool may have in it; it has the tenant's name."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Domain(_Part):
    """A domain of one's own; whoever runs it points it to the stack's `DomainTarget`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$")]
    certificate: Annotated[str, Field(min_length=1)]
    """Its certificate in ACM of the same account and region: the ARN, or the id at its end."""


class Throttle(_Part):
    """What the gateway lets through of the whole tenant; above, it answers 429."""

    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 100
    burst: Annotated[int, Field(ge=1, le=5_000)] = 200


class Settings(_Part):
    """A tenant's settings; each may be left out."""

    region: str | None = None
    """By default the environment's."""
    profile: str | None = None
    api: Literal["http", "rest"] = "http"
    domain: Domain | None = None
    throttle: Throttle = Throttle()
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90] = 30
    event_bus: bool = False
    deletion_protection: bool = True
    customer_key: bool = True
    """Whether the table has a KMS key of its own, which an administrator can take away; about a dollar a month."""
    archive: bool = False
    """Whether facts are kept for ever in S3, to be asked with Athena."""
    user_pool: bool = False
    """Whether the stack has a Cognito user pool, at which people sign in to the console."""
    alarm_topic: str = ""
    """The ARN of the SNS topic that alarms are sent to."""
    oldest_wait_seconds: Annotated[int, Field(ge=60)] = 3600
    """How long work may wait before an alarm is raised."""
    shards: Annotated[int, Field(ge=1, le=64)] = 1
    """Over how many keys the table's hot keys are spread; it may grow, never shrink. `docs/scale.md` says how many."""
    configuration: Path | None = None
    """The tenant's documents, a folder or a file, from where the settings are; applied with every deployment."""

    def parameters(self, tenant: str) -> Parameters:
        """The same as the template's parameters."""
        return {
            "TenantAccountId": tenant,
            "ApiType": self.api,
            "DomainName": self.domain.name if self.domain else "",
            "CertificateId": self.domain.certificate.rpartition("/")[2] if self.domain else "none",
            "ThrottleRate": str(self.throttle.requests_per_second),
            "ThrottleBurst": str(self.throttle.burst),
            "LogRetentionDays": str(self.log_retention_days),
            "EventBus": _said(self.event_bus),
            "DeletionProtection": _said(self.deletion_protection),
            "CustomerKey": _said(self.customer_key),
            "Archive": _said(self.archive),
            "UserPool": _said(self.user_pool),
            "AlarmTopicArn": self.alarm_topic,
            "OldestWaitMs": str(self.oldest_wait_seconds * 1000),
            "Shards": str(self.shards),
        }


def settings_of(tenant: str, file: Path | None = None) -> Settings:
    """A tenant's settings. Raises `DeployFailed` that names the file and the field."""
    if not NAME.fullmatch(tenant) or len(tenant) > LONGEST_NAME or RESERVED in tenant:
        raise DeployFailed(
            f"{tenant!r} cannot be a tenant's name.",
            f"Use small letters, digits and single hyphens, at most {LONGEST_NAME}, without {RESERVED!r} in it.",
        )
    where = file or FOLDER / f"{tenant}.yaml"
    if file is None and not where.exists():
        return Settings()
    try:
        given = yaml.safe_load(where.read_text()) or {}
        found = Settings.model_validate(given)
    except OSError as error:
        raise DeployFailed(f"{where} cannot be read: {error.strerror}.", "Name another with --settings.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeployFailed(f"{where} is no YAML: {error}", "Correct it.") from error
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors())
        raise DeployFailed(
            f"{where} is not as it should be: {places}", "docs/deploying.md lists every setting."
        ) from error
    if found.user_pool and any(word in tenant for word in COGNITOS):
        raise DeployFailed(
            f"{tenant} can have no user pool: Cognito takes no {', '.join(COGNITOS)} in the address of one.",
            "Take out `user_pool` and name another identity provider, or give the tenant another name.",
        )
    if found.configuration is not None:
        return found.model_copy(update={"configuration": where.parent / found.configuration})
    return found


def _said(yes: bool) -> str:
    return "true" if yes else "false"
