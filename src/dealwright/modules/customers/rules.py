"""Pure rules of customers: normal forms of contact data, and what a customer is found by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from dealwright.kernel.crypto import TenantCipher, words

PERSONAL: Final = ("name", "email", "phone", "address", "city", "state", "zip", "notes")
"""The members that are sealed together at rest."""

_PLAIN_EMAIL: Final = re.compile(
    r"[A-Za-z0-9_+-](?:[A-Za-z0-9_+-]|\.(?=[A-Za-z0-9_+-])){0,62}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
_WORD_KIND: Final = "customer"


def normal_email(text: str) -> str:
    """A deliverable-looking address with its domain in lower case. Raises ValueError.

    Ordinary ASCII addresses take the short way; everything else is the email-validator library's to judge.
    """
    if len(text) <= 254 and _PLAIN_EMAIL.fullmatch(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as problem:
        raise ValueError(f"is not a valid email address: {problem}") from None


def normal_phone(text: str, country: str | None = None) -> str:
    """E.164; a number without a leading + is read as one of ``country``. Raises ValueError."""
    try:
        number = phonenumbers.parse(text, None if text.startswith("+") else country)
    except phonenumbers.NumberParseException:
        raise ValueError("is not a phone number; write it with its country code, for example +61412345678") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("is not a possible phone number; write it in E.164, for example +61412345678")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_number(phone: str) -> str:
    """What stands behind the country code of an E.164 number, without leading zeros."""
    digits = phone.lstrip("+")
    # No country code is the beginning of another one (ITU-T E.164).
    code = next(length for length in (1, 2, 3) if int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE)
    return digits[code:].lstrip("0")


def email_token(cipher: TenantCipher, email: str) -> bytes:
    """The blind index entry that makes an address unique and findable; letters' case does not matter."""
    return cipher.blind("customer.email", email.casefold())


def search_tokens(cipher: TenantCipher, customer: Mapping[str, Any]) -> list[bytes]:
    """Blind index entries of name, company, e-mail and phone: whole words and their beginnings."""
    found: set[str] = set()
    for member in ("name", "company"):
        if text := customer.get(member):
            found.update(words(text))
    if email := customer.get("email"):
        found.add(email.casefold())
        found.update(words(email))
    if phone := customer.get("phone"):
        found.add(phone.lstrip("+"))
        found.add(national_number(phone))
    return sorted(cipher.blind_prefixes(_WORD_KIND, found))


def query_tokens(cipher: TenantCipher, query: str) -> list[bytes]:
    """What a search text is compared by: every one of its words must be a word or a beginning of one.

    An address is looked for as a whole, a number by its leading digits with or without the country code.
    """
    text = query.strip()
    if "@" in text and " " not in text:
        return [cipher.blind(_WORD_KIND, text.casefold())]
    digits = re.sub(r"[\s().+-]", "", text)
    if digits.isdecimal() and len(digits) >= 5:
        return [cipher.blind(_WORD_KIND, digits.lstrip("0"))]
    return [cipher.blind(_WORD_KIND, word) for word in words(text)]
