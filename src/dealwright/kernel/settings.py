"""Settings: environment variables, then a settings file, then defaults.

Every setting is a field of :class:`Settings`; its variable is ``DEALWRIGHT_`` plus the field's name in upper case
(``DEALWRIGHT_PORT``), except ``DATABASE_URL`` and ``REDIS_URL``, which keep the names that every host uses. The file is
TOML with the field names as keys: ``--config``, ``DEALWRIGHT_CONFIG`` or ``<data_dir>/dealwright.toml``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dealwright.kernel import fields


class SettingsError(Exception):
    """A setting is missing or unusable; the message names it."""


class Settings(BaseModel):
    """What an operator may set. Limits are requests per minute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="TCP port; 0 takes a free one")
    data_dir: Path = Field(Path("data"), description="embedded database, secret key, uploads, outbox")
    database_url: str | None = Field(None, description="the operator's PostgreSQL 15 or newer; unset: the embedded one")
    redis_url: str | None = Field(None, description="shared counters for several processes; unset: in-process")
    secret_key: str | None = Field(
        None, min_length=32, description="root of all encryption, 32 characters or more; unset: a file in data_dir"
    )
    public_url: str | None = Field(None, description="how the outside world reaches this server")
    region: str | None = Field(None, pattern=r"^[a-z]{2}$", description="put into new API keys: sb_live_{region}_…")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="largest request body")
    max_upload_bytes: int = Field(10_485_760, ge=1024, description="largest file that can be uploaded or imported")
    s3_bucket: str | None = Field(None, description="S3-compatible bucket for uploads; unset: data_dir/uploads")
    s3_endpoint: str | None = Field(
        None, pattern=r"^https?://", description="where the bucket is, when it is not Amazon's"
    )
    s3_region: str = Field("us-east-1", description="region of the bucket")
    s3_access_key: str | None = Field(None, description="access key for the bucket")
    s3_secret_key: str | None = Field(None, description="its secret")
    pool_size: int = Field(10, ge=2, le=200, description="database connections per process")
    key_limit_per_minute: int = Field(1000, ge=1, description="default limit of a new API key")
    ip_limit_per_minute: int = Field(3000, ge=1, description="requests with valid credentials per IP")
    ip_anonymous_limit_per_minute: int = Field(100, ge=1, description="requests without credentials per IP")
    ip_failed_auth_limit_per_minute: int = Field(20, ge=1, description="failed authentications per IP")
    registration: Literal["open", "first", "closed"] = Field(
        "first",
        description="who may sign up: anybody, only the first person of the server, or nobody; others are invited",
    )
    session_idle_minutes: int = Field(480, ge=1, description="a session unused for so long ends")
    session_lifetime_hours: int = Field(168, ge=1, description="a session ends after so long, however much it is used")
    remember_days: int = Field(30, ge=1, le=400, description="how long a browser stays signed in with remember-me")
    cookie_secure: Literal["auto", "always", "never"] = Field(
        "auto", description="cookies over https only; auto: when callers reach the server by https"
    )
    login_limit_per_account: int = Field(10, ge=1, description="attempts to sign in to one account in 15 minutes")
    login_limit_per_ip: int = Field(50, ge=1, description="attempts to sign in from one IP in 15 minutes")
    signup_limit_per_ip: int = Field(10, ge=1, description="sign-ups from one IP in an hour")
    password_time_cost: int = Field(3, ge=1, description="argon2id passes over the memory; raised: rehashed at sign-in")
    password_memory_kib: int = Field(65_536, ge=1024, description="argon2id memory of one password, KiB")
    password_parallelism: int = Field(4, ge=1, le=64, description="argon2id lanes")
    global_limit_per_minute: int = Field(50_000, ge=1, description="all tenants together; beyond it 503")
    forwarded_allow_ips: str = Field("127.0.0.1", description="proxies whose X-Forwarded-* headers are believed")
    salesbooth_root_hosts: tuple[str, ...] = Field((), description="hosts on which Salesbooth also answers at /v1")
    salesthumb_prefix: str = Field("/v1", pattern=r"^(/[a-z0-9_-]+)+$", description="where SalesThumb answers")
    salesthumb_hosts: tuple[str, ...] = Field((), description="hosts on which SalesThumb answers; unset: on all others")
    run_workers: bool = Field(True, description="do background work in the serving process, too")
    jobs_concurrency: int = Field(4, ge=1, le=100, description="background jobs that a process runs at once")
    queue_depth_alert: int = Field(
        1000, ge=1, description="pending jobs of a workspace beyond which queue.depth_alert fires"
    )
    webhooks_retry_schedule: tuple[Annotated[float, Field(gt=0, le=604_800)], ...] = Field(
        (1800, 3600), max_length=20, description="seconds before each further attempt; the first is made at once"
    )
    webhooks_allow_private: bool = Field(
        False, description="let webhooks go to private addresses, and to plain http with test keys"
    )
    smtp_url: str | None = Field(
        None, description="SMTP server for e-mail, smtp://user:password@host:587; unset: files in data_dir/outbox"
    )
    email_from: str = Field(
        "Dealwright <notifications@localhost>", pattern=r"^[^\r\n]*@[^\r\n]*$", description="sender of e-mail"
    )
    twilio_account: str | None = Field(
        None, pattern=r"^[A-Za-z0-9]+$", description="Twilio account for SMS; unset: files in data_dir/outbox"
    )
    twilio_token: str | None = Field(None, description="its authentication token")
    twilio_from: str | None = Field(None, description="number that SMS come from, or a messaging service (MG…)")
    twilio_url: str = Field("https://api.twilio.com", pattern=r"^https?://", description="where Twilio answers")
    email_webhook_secret: str | None = Field(
        None, min_length=16, description="what inbound e-mail is known by: Mailgun's signing key; unset: none is taken"
    )
    stripe_secret_key: str | None = Field(
        None, description="Stripe's secret key for live payments (sk_live_…); unset: none are taken"
    )
    stripe_publishable_key: str | None = Field(None, description="the publishable key that belongs to it")
    stripe_webhook_secret: str | None = Field(None, description="signing secret of its webhook endpoint (whsec_…)")
    stripe_test_secret_key: str | None = Field(
        None, description="Stripe's secret key for test payments (sk_test_…); unset: the sandbox gateway"
    )
    stripe_test_publishable_key: str | None = Field(None, description="the publishable key that belongs to it")
    stripe_test_webhook_secret: str | None = Field(None, description="signing secret of its webhook endpoint")
    stripe_url: str = Field("https://api.stripe.com", pattern=r"^https?://", description="where Stripe answers")
    stripe_timeout_seconds: float = Field(20, gt=0, le=120, description="how long Stripe may take for one answer")
    mcp_allowed_origins: tuple[str, ...] = Field(
        (), description="origins whose pages may use MCP with a key that names none itself; loopback always may"
    )
    log_format: str = Field("console", pattern="^(console|json)$")
    check_results: bool = Field(False, description="verify every answer against its declared model (for tests)")

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server: it listens on the loopback interface, with no proxy named."""
        return self.host in ("localhost", "127.0.0.1", "::1") and self.public_url is None


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """How the outside world reaches this server, for what outlives a request: identifiers, documents, mails.

    It rests on the settings alone; what a caller's Host header says is for answers to that caller.
    """

    url: str
    region: str | None = None
    """Where the server stands, as the published API calls it; None: it has no region."""

    @classmethod
    def of(cls, settings: Settings) -> PublicAddress:
        """``public_url`` without a final slash, else the address that the server listens on."""
        if settings.public_url is not None:
            return cls(settings.public_url.rstrip("/"), settings.region)
        host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host
        return cls(f"http://{f'[{host}]' if ':' in host else host}:{settings.port}", settings.region)


_LISTS = frozenset({"mcp_allowed_origins", "salesbooth_root_hosts", "salesthumb_hosts", "webhooks_retry_schedule"})
_PLAIN_NAMES = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return _PLAIN_NAMES.get(name, f"DEALWRIGHT_{name.upper()}")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"the settings file {path} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"the settings file {path} cannot be read: {problem}") from None


def load(overrides: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from command-line overrides, the environment, the file and the defaults, in this order of precedence.

    Raises SettingsError naming the setting and where it can be set.
    """
    environment = os.environ if environment is None else environment
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    values: dict[str, Any] = {}
    config = given.pop("config", None) or environment.get("DEALWRIGHT_CONFIG")
    data_dir = Path(given.get("data_dir") or environment.get("DEALWRIGHT_DATA_DIR") or "data")
    if config:
        values.update(_from_file(Path(config)))
    elif (data_dir / "dealwright.toml").exists():
        values.update(_from_file(data_dir / "dealwright.toml"))
    for name in Settings.model_fields:
        if (text := environment.get(variable(name))) is not None and text != "":
            values[name] = text.split(",") if name in _LISTS else text
    values.update(given)
    try:
        return Settings.model_validate(values)
    except ValidationError as failure:
        problems = fields.field_errors(failure).details or {}
        lines = [f"{name} ({variable(name)}): {each['message']}" for name, each in problems["fields"].items()]
        raise SettingsError("; ".join(lines)) from None
