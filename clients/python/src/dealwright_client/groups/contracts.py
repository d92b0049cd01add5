"""Contracts: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import (
    CertifiedSignature,
    Deleted,
    Entry,
    Pagination,
    RequestedSigner,
    WantedSigner,
)
from dealwright_client.values import UNSET, Day, Number, Unset


class Contract(TypedDict):
    """The contract object. ``include`` may add customer, deal, line_items, terms, signatures, renewal,
    activity_log."""

    contract_id: str
    id: str
    tenant_id: str
    contract_number: str | None
    deal_id: str | None
    customer_id: str
    title: str
    description: str | None
    value: str
    currency: str
    start_date: str
    end_date: str
    payment_terms: str | None
    renewal_type: Literal["auto", "manual", "none"]
    renewal_terms: dict[str, Any] | None
    notes: str | None
    status: Literal["draft", "signed", "active", "expired", "terminated"]
    signed_at: str | None
    activated_at: str | None
    terminated_at: str | None
    version: int
    created_at: str
    updated_at: str


class ContractAudit(TypedDict):
    contract_id: str
    audit_entries: list[Entry]
    pagination: dict[str, int]


class ContractAuditVerified(TypedDict):
    contract_id: str
    status: Literal["intact", "tampered"]
    valid: bool
    entries_checked: int
    first_broken_entry: str | None
    verified_at: str


class ContractPage(TypedDict):
    contracts: list[Contract]
    pagination: Pagination


class ContractsCertificate(TypedDict):
    """The evidence record. Its first signature stands at the top; ``signatures`` has all of them."""

    signature_algorithm: str
    key_id: str
    public_key: str
    signatures: list[CertifiedSignature]
    signed_content: str
    """canonical JSON (RFC 8785) in base64: what the parties agreed on"""
    status: Literal["verified", "tampered", "unsigned"]
    livemode: bool
    verification_url: str
    public_key_url: str
    issued_at: str
    contract_id: str
    deal_id: str | None
    customer_id: str
    signed_by: Literal["user", "customer", "agent", "api_key"]
    signer_id: str
    signed_at: str
    signature: str
    """the first signature, in base64"""
    content_hash: str
    """sha256: and the SHA-256 of signed_content in hexadecimal"""
    audit_entry_hash: str


class ContractsCertificates(TypedDict):
    certificate: ContractsCertificate


class ContractsNewSignature(TypedDict):
    id: str
    signature_id: str
    signer_type: Literal["user", "customer", "agent", "api_key"]
    signer_id: str
    signer_customer_id: str | None
    algorithm: str
    key_id: str
    value: str
    """64 bytes in base64: Ed25519 over the signed statement"""
    content_hash: str
    """sha256: and the SHA-256 of the signed content in hexadecimal"""


class ContractsRequested(TypedDict):
    contract_id: str
    id: str
    tenant_id: str
    contract_number: str | None
    deal_id: str | None
    customer_id: str
    title: str
    description: str | None
    value: str
    currency: str
    start_date: str
    end_date: str
    payment_terms: str | None
    renewal_type: Literal["auto", "manual", "none"]
    renewal_terms: dict[str, Any] | None
    notes: str | None
    status: Literal["draft", "signed", "active", "expired", "terminated"]
    signed_at: str | None
    activated_at: str | None
    terminated_at: str | None
    version: int
    created_at: str
    updated_at: str
    signers: list[RequestedSigner]


class ContractsSigned(TypedDict):
    contract_id: str
    id: str
    tenant_id: str
    contract_number: str | None
    deal_id: str | None
    customer_id: str
    title: str
    description: str | None
    value: str
    currency: str
    start_date: str
    end_date: str
    payment_terms: str | None
    renewal_type: Literal["auto", "manual", "none"]
    renewal_terms: dict[str, Any] | None
    notes: str | None
    status: Literal["draft", "signed", "active", "expired", "terminated"]
    signed_at: str | None
    activated_at: str | None
    terminated_at: str | None
    version: int
    created_at: str
    updated_at: str
    signed_by: Literal["user", "customer", "agent", "api_key"]
    signature: ContractsNewSignature


class Renewed(TypedDict):
    contract_id: str
    id: str
    tenant_id: str
    contract_number: str | None
    deal_id: str | None
    customer_id: str
    title: str
    description: str | None
    value: str
    currency: str
    start_date: str
    end_date: str
    payment_terms: str | None
    renewal_type: Literal["auto", "manual", "none"]
    renewal_terms: dict[str, Any] | None
    notes: str | None
    status: Literal["draft", "signed", "active", "expired", "terminated"]
    signed_at: str | None
    activated_at: str | None
    terminated_at: str | None
    version: int
    created_at: str
    updated_at: str
    previous_end_date: str


class Terminated(TypedDict):
    contract_id: str
    id: str
    tenant_id: str
    contract_number: str | None
    deal_id: str | None
    customer_id: str
    title: str
    description: str | None
    value: str
    currency: str
    start_date: str
    end_date: str
    payment_terms: str | None
    renewal_type: Literal["auto", "manual", "none"]
    renewal_terms: dict[str, Any] | None
    notes: str | None
    status: Literal["draft", "signed", "active", "expired", "terminated"]
    signed_at: str | None
    activated_at: str | None
    terminated_at: str | None
    version: int
    created_at: str
    updated_at: str
    reason: str | None


_ACTIVATE: Final[Endpoint[Contract]] = Endpoint("POST", "/contracts/{id}/activate", idempotent=True)
_AUDIT: Final[Endpoint[ContractAudit]] = Endpoint("GET", "/contracts/{id}/audit", query=frozenset({"limit", "offset"}))
_CREATE: Final[Endpoint[Contract]] = Endpoint("POST", "/contracts", idempotent=True)
_DELETE: Final[Endpoint[Deleted]] = Endpoint("DELETE", "/contracts/{id}")
_DOCUMENT: Final[Endpoint[bytes]] = Endpoint("GET", "/contracts/{id}/document")
_GET: Final[Endpoint[Contract]] = Endpoint(
    "GET", "/contracts/{id}", query=frozenset({"exclude", "fields", "format", "include"})
)
_LIST: Final[Endpoint[ContractPage]] = Endpoint(
    "GET",
    "/contracts",
    query=frozenset(
        {
            "after",
            "before",
            "customer_id",
            "exclude",
            "expiring_soon",
            "fields",
            "format",
            "include",
            "limit",
            "offset",
            "renewal_type",
            "search",
            "sort",
            "status",
        }
    ),
)
_OPT_OUT_RENEWAL: Final[Endpoint[Contract]] = Endpoint("POST", "/contracts/{id}/opt-out-renewal", idempotent=True)
_RENEW: Final[Endpoint[Renewed]] = Endpoint("POST", "/contracts/{id}/renew", idempotent=True)
_REQUEST_SIGNATURES: Final[Endpoint[ContractsRequested]] = Endpoint(
    "POST", "/contracts/{id}/request-signatures", idempotent=True
)
_SIGN: Final[Endpoint[ContractsSigned]] = Endpoint("POST", "/contracts/{id}/sign", idempotent=True)
_SIGNING_CERTIFICATE: Final[Endpoint[ContractsCertificates | bytes]] = Endpoint(
    "GET", "/contracts/{id}/signing-certificate", query=frozenset({"format"})
)
_TERMINATE: Final[Endpoint[Terminated]] = Endpoint("POST", "/contracts/{id}/terminate", idempotent=True)
_UPDATE: Final[Endpoint[Contract]] = Endpoint("PATCH", "/contracts/{id}", nulls=True)
_VERIFY_AUDIT: Final[Endpoint[ContractAuditVerified]] = Endpoint("GET", "/contracts/{id}/verify-audit")


class ContractsGroup(Group):
    """``client.contracts``."""

    def activate(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Bring a signed contract into force; refused once its end date has passed.

        Scope: ``contracts:write``. Errors: ``conflict.invalid_transition``, ``not_found``.
        """
        return self._client._run(
            _ACTIVATE, {"id": id}, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    def audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> ContractAudit:
        """Read the hash-chained audit trail of a contract, oldest first. Private values appear as commitments only.

        Scope: ``contracts:read``.
        """
        return self._client._run(_AUDIT, {"id": id, "limit": limit, "offset": offset}, timeout=timeout)

    def iterate_audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Iterator[Entry]:
        """Every record of :meth:`audit`, page after page."""
        return self._client._pages(_AUDIT, "audit_entries", {"id": id, "limit": limit}, timeout=timeout)

    def create(
        self,
        *,
        deal_id: str | None = None,
        customer_id: str | None = None,
        title: str | None = None,
        value: Number | None = None,
        start_date: Day | None = None,
        end_date: Day | None = None,
        contract_number: str | None = None,
        description: str | None = None,
        currency: str | None = None,
        payment_terms: str | None = None,
        renewal_type: Literal["auto", "manual", "none"] | None = None,
        renewal_terms: Mapping[str, Any] | None = None,
        notes: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Create a contract from a deal, or from customer, title, value and dates. It is a draft.

        A deal gives its customer, title, total and currency, the payment terms and dates of its terms, and a copy
        of its items and terms; whatever is sent wins. Where no dates are known the contract starts today and runs
        for a year.

        ``deal_id``: fills customer, title, value, currency and dates; any may be overridden
        ``customer_id``: needed without deal_id
        ``title``: needed without deal_id
        ``value``: needed without deal_id
        ``start_date``: needed without deal_id
        ``end_date``: last day; needed without deal_id
        ``currency``: default: the deal's, else the workspace's
        ``notes``: internal, never shown to the customer

        Scope: ``contracts:write``. Errors: ``conflict.duplicate``, ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _CREATE,
            {
                "deal_id": deal_id,
                "customer_id": customer_id,
                "title": title,
                "value": value,
                "start_date": start_date,
                "end_date": end_date,
                "contract_number": contract_number,
                "description": description,
                "currency": currency,
                "payment_terms": payment_terms,
                "renewal_type": renewal_type,
                "renewal_terms": renewal_terms,
                "notes": notes,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a draft. A running contract is terminated instead; one that ran is kept for the record.

        Scope: ``contracts:write``. Errors: ``conflict.invalid_state``.
        """
        return self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    def document(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> bytes:
        """Print a contract as a PDF: parties, subject, term, price, items, terms and signatures.

        A signed contract is printed as it was signed, with what became of it since.

        Scope: ``contracts:read``. Errors: ``not_found``.
        """
        return self._client._run(_DOCUMENT, {"id": id}, timeout=timeout)

    def get(
        self,
        id: str,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Fetch one contract; the ETag header carries the version for the next write.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only

        Scope: ``contracts:read``.
        """
        return self._client._run(
            _GET,
            {"id": id, "fields": fields, "include": include, "exclude": exclude, "format": format},
            timeout=timeout,
        )

    def list(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["draft", "signed", "active", "expired", "terminated"] | None = None,
        customer_id: str | None = None,
        renewal_type: Literal["auto", "manual", "none"] | None = None,
        expiring_soon: int | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> ContractPage:
        """List contracts with filters, newest first.

        ``expiring_soon`` finds running contracts (signed or active) by their end date, ``search`` by title and
        number. ``include`` may add customer, deal, line_items, terms, signatures, renewal and activity_log.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only
        ``limit``: records per page
        ``offset``: ignored when a cursor is given
        ``after``: next_cursor of an earlier answer
        ``before``: prev_cursor of an earlier answer
        ``sort``: newest first by this instant
        ``expiring_soon``: running contracts whose end_date is at most N days away
        ``search``: title or contract number

        Scope: ``contracts:read``.
        """
        return self._client._run(
            _LIST,
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "customer_id": customer_id,
                "renewal_type": renewal_type,
                "expiring_soon": expiring_soon,
                "search": search,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["draft", "signed", "active", "expired", "terminated"] | None = None,
        customer_id: str | None = None,
        renewal_type: Literal["auto", "manual", "none"] | None = None,
        expiring_soon: int | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[Contract]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "contracts",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "customer_id": customer_id,
                "renewal_type": renewal_type,
                "expiring_soon": expiring_soon,
                "search": search,
            },
            timeout=timeout,
        )

    def opt_out_renewal(
        self,
        id: str,
        *,
        reason: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Record that the customer declines the automatic renewal, until ``opt_out_days`` before the end date.

        Scope: ``contracts:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _OPT_OUT_RENEWAL,
            {"id": id, "reason": reason},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def renew(
        self,
        id: str,
        *,
        end_date: Day | None = None,
        value: Number | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Renewed:
        """Extend an active or expired contract by a further term.

        Calendar months clamp at month ends and return: 31 January, 28 February, 31 March. Send ``If-Match`` so that
        two callers do not extend it twice.

        ``end_date``: default: one more term, as long as the last or renewal_terms.period_months
        ``value``: of the new term; default: the present one, with price_adjustment_percent

        Scope: ``contracts:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _RENEW,
            {"id": id, "end_date": end_date, "value": value},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def request_signatures(
        self,
        id: str,
        *,
        signers: Sequence[WantedSigner],
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ContractsRequested:
        """Say whose signatures a draft needs; signatures that it carries already are taken back.

        ``signers``: whose signatures are needed; none: one signature of anybody

        Scope: ``contracts:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_transition``,
        ``not_found``.
        """
        return self._client._run(
            _REQUEST_SIGNATURES,
            {"id": id, "signers": signers},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def sign(
        self,
        id: str,
        *,
        signer_type: Literal["user", "customer", "agent", "api_key"] | None = None,
        signer_id: str | None = None,
        signer_customer_id: str | None = None,
        consent_to_sign: bool | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ContractsSigned:
        """Sign a draft with the workspace's Ed25519 key, for a user, a customer, an agent or the calling key.

        One signature makes it signed, or all that ``request_signatures`` asked for.

        ``signer_type``: default: what the caller is, see docs/signing.md
        ``signer_id``: default: the caller
        ``signer_customer_id``: the customer on whose behalf is signed; must be the record's own
        ``consent_to_sign``: must be true for a user or a customer

        Scope: ``contracts:write``. Errors: ``authorization_error.forbidden``, ``conflict.duplicate``,
        ``conflict.invalid_state``, ``conflict.invalid_transition``, ``not_found``.
        """
        return self._client._run(
            _SIGN,
            {
                "id": id,
                "signer_type": signer_type,
                "signer_id": signer_id,
                "signer_customer_id": signer_customer_id,
                "consent_to_sign": consent_to_sign,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def signing_certificate(
        self,
        id: str,
        *,
        format: Literal["json", "pdf"] | None = None,
        timeout: float | None = None,
    ) -> ContractsCertificates | bytes:
        """Show who signed a contract, when, and over which content, with everything that is needed to check it
        offline.

        ``format=pdf`` answers the same as a document.

        Scope: ``contracts:read``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_SIGNING_CERTIFICATE, {"id": id, "format": format}, timeout=timeout)

    def terminate(
        self,
        id: str,
        *,
        reason: str | None = None,
        effective_date: Day | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Terminated:
        """End a signed or active contract before its time, for good.

        ``terminated_at`` is the beginning of ``effective_date`` (UTC), which may also lie ahead, within the term.

        ``effective_date``: default: today; not after end_date

        Scope: ``contracts:write``. Errors: ``conflict.invalid_transition``, ``not_found``.
        """
        return self._client._run(
            _TERMINATE,
            {"id": id, "reason": reason, "effective_date": effective_date},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def update(
        self,
        id: str,
        *,
        title: str | Unset = UNSET,
        description: str | Unset | None = UNSET,
        value: Number | Unset = UNSET,
        currency: str | Unset = UNSET,
        start_date: Day | Unset = UNSET,
        end_date: Day | Unset = UNSET,
        renewal_type: Literal["auto", "manual", "none"] | Unset = UNSET,
        renewal_terms: Mapping[str, Any] | Unset | None = UNSET,
        payment_terms: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
        status: Literal["draft", "signed", "active", "expired", "terminated"] | Unset = UNSET,
        customer_id: str | Unset = UNSET,
        contract_number: str | Unset | None = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Change some members of a contract.

        Once it is signed, only notes, contract_number, renewal_type and renewal_terms change: the signature covers
        the rest. ``status`` may be active or terminated, with the checks of these actions. A renewal_type that was
        auto and is no longer counts as opting out.

        ``currency``: ISO 4217 code, upper case
        ``status``: active and terminated act like the actions of the same meaning
        ``customer_id``: moves the contract to another customer

        Scope: ``contracts:write``. Errors: ``conflict.duplicate``, ``conflict.invalid_state``,
        ``conflict.invalid_transition``, ``not_found``.
        """
        return self._client._run(
            _UPDATE,
            {
                "id": id,
                "title": title,
                "description": description,
                "value": value,
                "currency": currency,
                "start_date": start_date,
                "end_date": end_date,
                "renewal_type": renewal_type,
                "renewal_terms": renewal_terms,
                "payment_terms": payment_terms,
                "notes": notes,
                "status": status,
                "customer_id": customer_id,
                "contract_number": contract_number,
            },
            if_match=if_match,
            timeout=timeout,
        )

    def verify_audit(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> ContractAuditVerified:
        """Recompute the audit chain of a contract, compare the contract with its newest entry and with its
        signatures.

        ``first_broken_entry`` names the entry that does not hold, or that says something else than the contract
        does.

        Scope: ``contracts:read``.
        """
        return self._client._run(_VERIFY_AUDIT, {"id": id}, timeout=timeout)


class AsyncContractsGroup(AsyncGroup):
    """``client.contracts``, asynchronously."""

    async def activate(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Bring a signed contract into force; refused once its end date has passed."""
        return await self._client._run(
            _ACTIVATE, {"id": id}, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    async def audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> ContractAudit:
        """Read the hash-chained audit trail of a contract, oldest first. Private values appear as commitments only."""
        return await self._client._run(_AUDIT, {"id": id, "limit": limit, "offset": offset}, timeout=timeout)

    def iterate_audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Entry]:
        """Every record of :meth:`audit`, page after page."""
        return self._client._pages(_AUDIT, "audit_entries", {"id": id, "limit": limit}, timeout=timeout)

    async def create(
        self,
        *,
        deal_id: str | None = None,
        customer_id: str | None = None,
        title: str | None = None,
        value: Number | None = None,
        start_date: Day | None = None,
        end_date: Day | None = None,
        contract_number: str | None = None,
        description: str | None = None,
        currency: str | None = None,
        payment_terms: str | None = None,
        renewal_type: Literal["auto", "manual", "none"] | None = None,
        renewal_terms: Mapping[str, Any] | None = None,
        notes: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Create a contract from a deal, or from customer, title, value and dates. It is a draft."""
        return await self._client._run(
            _CREATE,
            {
                "deal_id": deal_id,
                "customer_id": customer_id,
                "title": title,
                "value": value,
                "start_date": start_date,
                "end_date": end_date,
                "contract_number": contract_number,
                "description": description,
                "currency": currency,
                "payment_terms": payment_terms,
                "renewal_type": renewal_type,
                "renewal_terms": renewal_terms,
                "notes": notes,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a draft. A running contract is terminated instead; one that ran is kept for the record."""
        return await self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    async def document(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> bytes:
        """Print a contract as a PDF: parties, subject, term, price, items, terms and signatures."""
        return await self._client._run(_DOCUMENT, {"id": id}, timeout=timeout)

    async def get(
        self,
        id: str,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Fetch one contract; the ETag header carries the version for the next write."""
        return await self._client._run(
            _GET,
            {"id": id, "fields": fields, "include": include, "exclude": exclude, "format": format},
            timeout=timeout,
        )

    async def list(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["draft", "signed", "active", "expired", "terminated"] | None = None,
        customer_id: str | None = None,
        renewal_type: Literal["auto", "manual", "none"] | None = None,
        expiring_soon: int | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> ContractPage:
        """List contracts with filters, newest first."""
        return await self._client._run(
            _LIST,
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "customer_id": customer_id,
                "renewal_type": renewal_type,
                "expiring_soon": expiring_soon,
                "search": search,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["draft", "signed", "active", "expired", "terminated"] | None = None,
        customer_id: str | None = None,
        renewal_type: Literal["auto", "manual", "none"] | None = None,
        expiring_soon: int | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Contract]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "contracts",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "customer_id": customer_id,
                "renewal_type": renewal_type,
                "expiring_soon": expiring_soon,
                "search": search,
            },
            timeout=timeout,
        )

    async def opt_out_renewal(
        self,
        id: str,
        *,
        reason: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Record that the customer declines the automatic renewal, until ``opt_out_days`` before the end date."""
        return await self._client._run(
            _OPT_OUT_RENEWAL,
            {"id": id, "reason": reason},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def renew(
        self,
        id: str,
        *,
        end_date: Day | None = None,
        value: Number | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Renewed:
        """Extend an active or expired contract by a further term."""
        return await self._client._run(
            _RENEW,
            {"id": id, "end_date": end_date, "value": value},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def request_signatures(
        self,
        id: str,
        *,
        signers: Sequence[WantedSigner],
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ContractsRequested:
        """Say whose signatures a draft needs; signatures that it carries already are taken back."""
        return await self._client._run(
            _REQUEST_SIGNATURES,
            {"id": id, "signers": signers},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def sign(
        self,
        id: str,
        *,
        signer_type: Literal["user", "customer", "agent", "api_key"] | None = None,
        signer_id: str | None = None,
        signer_customer_id: str | None = None,
        consent_to_sign: bool | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ContractsSigned:
        """Sign a draft with the workspace's Ed25519 key, for a user, a customer, an agent or the calling key."""
        return await self._client._run(
            _SIGN,
            {
                "id": id,
                "signer_type": signer_type,
                "signer_id": signer_id,
                "signer_customer_id": signer_customer_id,
                "consent_to_sign": consent_to_sign,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def signing_certificate(
        self,
        id: str,
        *,
        format: Literal["json", "pdf"] | None = None,
        timeout: float | None = None,
    ) -> ContractsCertificates | bytes:
        """Show who signed a contract, when, and over which content, with everything that is needed to check it
        offline."""
        return await self._client._run(_SIGNING_CERTIFICATE, {"id": id, "format": format}, timeout=timeout)

    async def terminate(
        self,
        id: str,
        *,
        reason: str | None = None,
        effective_date: Day | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Terminated:
        """End a signed or active contract before its time, for good."""
        return await self._client._run(
            _TERMINATE,
            {"id": id, "reason": reason, "effective_date": effective_date},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def update(
        self,
        id: str,
        *,
        title: str | Unset = UNSET,
        description: str | Unset | None = UNSET,
        value: Number | Unset = UNSET,
        currency: str | Unset = UNSET,
        start_date: Day | Unset = UNSET,
        end_date: Day | Unset = UNSET,
        renewal_type: Literal["auto", "manual", "none"] | Unset = UNSET,
        renewal_terms: Mapping[str, Any] | Unset | None = UNSET,
        payment_terms: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
        status: Literal["draft", "signed", "active", "expired", "terminated"] | Unset = UNSET,
        customer_id: str | Unset = UNSET,
        contract_number: str | Unset | None = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Contract:
        """Change some members of a contract."""
        return await self._client._run(
            _UPDATE,
            {
                "id": id,
                "title": title,
                "description": description,
                "value": value,
                "currency": currency,
                "start_date": start_date,
                "end_date": end_date,
                "renewal_type": renewal_type,
                "renewal_terms": renewal_terms,
                "payment_terms": payment_terms,
                "notes": notes,
                "status": status,
                "customer_id": customer_id,
                "contract_number": contract_number,
            },
            if_match=if_match,
            timeout=timeout,
        )

    async def verify_audit(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> ContractAuditVerified:
        """Recompute the audit chain of a contract, compare the contract with its newest entry and with its
        signatures."""
        return await self._client._run(_VERIFY_AUDIT, {"id": id}, timeout=timeout)
