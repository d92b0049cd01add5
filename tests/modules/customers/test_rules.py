"""Laws of the customer rules."""

from __future__ import annotations

import phonenumbers
import pytest

from dealwright.modules.customers import rules


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_national_number_is_what_the_library_says(region: str) -> None:
    """Reading the country code off an E.164 number agrees with parsing it, in every country and kind of number."""
    for kind in phonenumbers.PhoneNumberType.values():
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None:
            phone = rules.normal_phone(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
            assert rules.national_number(phone) == str(phonenumbers.parse(phone).national_number)
