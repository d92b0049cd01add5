"""Letting a caller in: the credential becomes a principal, and the rate limits are charged, before anything else.

Three tiers are checked at once (Salesbooth API, Rate Limiting): per key, per IP, and the global breaker, which answers
503 rather than 429. Operations with a documented limit of their own add it per IP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dealwright.kernel.access import keys
from dealwright.kernel.access.keys import Brand, KeyDirectory
from dealwright.kernel.access.principals import PUBLIC, Principal
from dealwright.kernel.access.rate_limits import Hit, RateLimiter, Rule, Verdict, key_rule
from dealwright.kernel.access.sessions import Session, SessionDirectory
from dealwright.kernel.errors import (
    DealwrightError,
    InvalidKey,
    InvalidRequest,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from dealwright.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Credential:
    """What the caller sent: a key, and whether it stood in the query string; or the token of a person's session, and
    the tab of the browser that it came from. A key wins over a session.
    """

    secret: str | None = None
    in_query: bool = False
    session: str | None = None
    tab: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller who may go on, and the state of the limits for the response headers."""

    principal: Principal
    verdict: Verdict
    deprecated: bool
    """A secret key came in the query string, which the answer warns about."""
    session: Session | None = None
    """Set when the caller is a signed-in person; a write then needs the CSRF token of the session."""


class Refused(Exception):
    """Carries the error for the caller together with the limits' state, so that a refusal has the headers too."""

    def __init__(self, error: DealwrightError, verdict: Verdict | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.verdict = verdict


class Admission:
    """Authenticates and charges the limits of one process, for the keys of one published API.

    ``rule`` makes the limit of a key out of its requests per minute. Without ``sessions`` people are not let in.
    """

    def __init__(
        self,
        directory: KeyDirectory,
        limiter: RateLimiter,
        settings: Settings,
        brand: Brand = "sb",
        rule: Callable[[int], Rule] = key_rule,
        sessions: SessionDirectory | None = None,
    ) -> None:
        self._brand: Brand = brand
        self._make_rule = rule
        self._directory = directory
        self._sessions = sessions
        self._limiter = limiter
        self._global = Rule("global", settings.global_limit_per_minute)
        self._ip = Rule("ip", settings.ip_limit_per_minute)
        self._ip_anonymous = Rule("ip_anonymous", settings.ip_anonymous_limit_per_minute)
        self._ip_failed = Rule("ip_failed_authentication", settings.ip_failed_auth_limit_per_minute)
        self._key_rules: dict[int, Rule] = {}

    def _key_rule(self, limit: int) -> Rule:
        rule = self._key_rules.get(limit)
        if rule is None:
            rule = self._key_rules[limit] = self._make_rule(limit)
        return rule

    async def admit(
        self, credential: Credential, ip: str, limit: Rule | None = None, *, signed: bool = False
    ) -> Admitted:
        """Raises Refused with 401, 400 (key in the query where that is forbidden), 429 or 503.

        ``signed``: the operation knows its callers by a signature, so having no key does not make one anonymous.
        """
        if credential.secret is None:
            if credential.session is not None and self._sessions is not None:
                found = await self._signed_in(self._sessions, credential.session, credential.tab)
                if found is not None:
                    session, person = found
                    return Admitted(person, await self._charge(person, ip, limit), deprecated=False, session=session)
            return Admitted(PUBLIC, await self._charge(PUBLIC, ip, limit, signed=signed), deprecated=False)
        principal = await self._authenticate(credential.secret, ip)
        verdict = await self._charge(principal, ip, limit)
        in_query = credential.in_query and not keys.is_publishable(credential.secret)
        if in_query and principal.settings.enforce_header_auth:
            raise Refused(
                InvalidRequest(
                    "Secret API keys are not accepted in the query string",
                    code="validation_error.query_auth_rejected",
                    hint="Send the key as 'Authorization: Bearer <key>' or as 'X-API-Key: <key>'.",
                ),
                verdict,
            )
        return Admitted(principal, verdict, deprecated=in_query)

    async def holds(self, credential: Credential) -> bool:
        """Whether a credential that was admitted is still good: for what goes on after its request, a stream."""
        try:
            if credential.secret is not None:
                await self._directory.find(credential.secret, self._brand)
                return True
            if credential.session is not None and self._sessions is not None:
                found = await self._sessions.find(credential.session, credential.tab)
                return found is not None and found[1].tenant_id is not None
            return False
        except DealwrightError:
            return False

    @staticmethod
    async def _signed_in(sessions: SessionDirectory, token: str, tab: str | None) -> tuple[Session, Principal] | None:
        """The person of a session; one that has ended makes a public caller, so that they can sign in again.

        It does not count as a failed authentication: nobody guesses 256 bits, and a forgotten tab that goes on asking
        must not shut out the others behind its address.
        """
        try:
            return await sessions.find(token, tab)
        except DealwrightError as error:
            raise Refused(error, None) from None

    async def _few_failures(self, ip: str) -> tuple[Hit, Verdict]:
        """Raises Refused when too many credentials that do not hold came from an address."""
        failures = Hit(self._ip_failed, ip)
        state = await self._limiter.peek(failures)
        if not state.allowed:
            raise Refused(
                RateLimited("Too many failed authentications from this address", retry_after=state.retry_after), state
            )
        return failures, state

    async def _authenticate(self, secret: str, ip: str) -> Principal:
        failures, state = await self._few_failures(ip)
        try:
            return await self._directory.find(secret, self._brand)
        except (InvalidKey, Unauthenticated) as error:
            await self._limiter.charge(failures)
            raise Refused(error, state) from None
        except DealwrightError as error:
            raise Refused(error, state) from None

    async def charge(self, limit: Rule, ip: str) -> None:
        """Charge an operation's own limit for a caller who was admitted before it was known. Raises Refused."""
        self._judge(await self._limiter.check([Hit(limit, ip)]))

    async def _charge(self, principal: Principal, ip: str, limit: Rule | None, *, signed: bool = False) -> Verdict:
        hits = [Hit(self._global, "*")]
        if principal.kind == "public":
            hits.append(Hit(self._ip if signed else self._ip_anonymous, ip))
        else:
            hits.append(Hit(self._key_rule(principal.effective_rate_limit), principal.key_id))
            hits.append(Hit(self._ip, ip))
        if limit is not None:
            hits.append(Hit(limit, ip))
        return self._judge(await self._limiter.check(hits))

    @staticmethod
    def _judge(verdict: Verdict) -> Verdict:
        if verdict.allowed:
            return verdict
        if verdict.rule is not None and verdict.rule.name == "global":
            raise Refused(
                Unavailable(
                    "The server is over its capacity for the moment",
                    code="transient_error.circuit_open",
                    retry_after=verdict.retry_after,
                ),
                verdict,
            )
        raise Refused(
            RateLimited(
                f"More than {verdict.limit} requests in the window; try again in {verdict.retry_after} s",
                retry_after=verdict.retry_after,
            ),
            verdict,
        )
