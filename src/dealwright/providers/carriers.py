"""Who carries messages out of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from dealwright.kernel.settings import Settings, SettingsError
from dealwright.providers.email.protocol import EmailProvider
from dealwright.providers.email.smtp import SmtpServer
from dealwright.providers.folder import EmailFolder, SmsFolder
from dealwright.providers.sms.protocol import SmsProvider
from dealwright.providers.sms.twilio import Twilio


@dataclass(frozen=True, slots=True)
class Carriers:
    """What a test key sends never leaves the house."""

    email: EmailProvider
    sms: SmsProvider
    sender: str
    """The address that e-mail comes from."""
    test_email: EmailProvider
    test_sms: SmsFolder
    twilio_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that are configured, else the outbox folder. Raises SettingsError."""
        folder = settings.data_dir / "outbox"
        files, texts = EmailFolder(folder), SmsFolder(folder)
        email: EmailProvider = files
        sms: SmsProvider = texts
        if settings.smtp_url is not None:
            try:
                email = SmtpServer(settings.smtp_url)
            except ValueError as problem:
                raise SettingsError(f"smtp_url (DEALWRIGHT_SMTP_URL): {problem}") from None
        if settings.twilio_account is not None:
            if settings.twilio_token is None or settings.twilio_from is None:
                raise SettingsError("twilio_account needs twilio_token and twilio_from as well")
            sms = Twilio(settings.twilio_account, settings.twilio_token, settings.twilio_from, settings.twilio_url)
        return cls(email, sms, settings.email_from, files, texts, settings.twilio_url)
