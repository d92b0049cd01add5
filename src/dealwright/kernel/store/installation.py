"""Facts about the installation as a whole, kept in the database."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel.access.tables import installation
from dealwright.kernel.settings import SettingsError
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.statements import Statement, given

_FINGERPRINT: Final = "secret_fingerprint"
_remember: Final = Statement(insert(installation).on_conflict_do_nothing())
_recall: Final = Statement(select(installation.c.value).where(installation.c.name == given("called")))


async def stored_fingerprint(connection: Any) -> str | None:
    """Which root secret sealed the data, read over a plain connection; None in a database that has none yet."""
    if await connection.fetchval("SELECT to_regclass('installation')") is None:
        return None
    found: str | None = await connection.fetchval(_recall.sql, _FINGERPRINT)
    return found


async def check_fingerprint(database: Database, fingerprint: str) -> None:
    """Refuse to start with a root secret other than the one that sealed what is in the database."""
    async with database.system() as tx:
        await tx.run(_remember, name=_FINGERPRINT, value=fingerprint)
        stored = await tx.value(_recall, called=_FINGERPRINT)
    if stored != fingerprint:
        raise SettingsError(
            "the secret key is not the one that this database was made with: set DEALWRIGHT_SECRET_KEY to the original "
            "value, or put the original secret.key file back into the data folder"
        )
