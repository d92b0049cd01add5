"""Finding records by words, whatever their number.

A searchable table has a column ``search``: the blind tokens (:meth:`dealwright.kernel.crypto.TenantCipher.blind`) of
its words and their beginnings. Tokens are keyed by tenant, so the index list of a frequent word holds the records of
one tenant only. Row-level security keeps operators that are not leakproof (array containment) away from indexes; a
function that runs past it and spells the tenant and mode of the transaction out itself finds the ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Table, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from dealwright.kernel.crypto import TenantCipher, words
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import owned_by_system

FOUND_AT_MOST: Final = 1000
"""A search looks through this many newest matches."""

_SAMPLE: Final = 200
"""How many of the newest records tell whether the words are frequent."""

_NEWEST: Final = 40
"""For frequent words, this many times the wanted number of the newest records are looked through."""


def search_column() -> Column[Any]:
    return Column("search", ARRAY(LargeBinary), nullable=False, info={"found_by": True})


def search_index(table: Table) -> Index:
    return Index(f"ix_{table.name}_search", table.c.search, postgresql_using="gin")


def searching(table: str) -> list[str]:
    """SQL that a migration runs for a table with a search column: its index and ``<table>_matching(tokens, at_most)``.

    The function answers the ids of the newest records that have every token. A rare word is read from the index; that
    would read every match, so for a word that is frequent among the newest records they are looked through instead,
    which nearly always suffices. Only a frequent word that went out of use costs the sorting of all its records.
    """
    function = f"""
    CREATE FUNCTION {table}_matching(tokens bytea[], at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        of_tenant uuid := NULLIF(current_setting('app.tenant', true), '')::uuid;
        of_mode boolean := NULLIF(current_setting('app.livemode', true), '')::boolean;
        frequent boolean;
        found uuid[];
    BEGIN
        SELECT count(*) * {_NEWEST} >= {_SAMPLE} INTO frequent
            FROM (SELECT search FROM {table} WHERE tenant_id = of_tenant AND livemode = of_mode
                  ORDER BY id DESC LIMIT {_SAMPLE}) AS sample
            WHERE sample.search @> tokens;
        IF frequent THEN
            found := ARRAY(
                SELECT newest.id
                FROM (SELECT id, search FROM {table} WHERE tenant_id = of_tenant AND livemode = of_mode
                      ORDER BY id DESC LIMIT at_most::bigint * {_NEWEST}) AS newest
                WHERE newest.search @> tokens
                LIMIT at_most);
        END IF;
        IF NOT frequent OR cardinality(found) < at_most THEN
            found := ARRAY(
                SELECT hit.id
                FROM (SELECT id, tenant_id, livemode FROM {table} WHERE search @> tokens OFFSET 0) AS hit
                WHERE hit.tenant_id = of_tenant AND hit.livemode = of_mode
                ORDER BY hit.id DESC LIMIT at_most);
        END IF;
        RETURN QUERY SELECT match FROM unnest(found) AS match ORDER BY match DESC LIMIT at_most;
    END $$
    """
    return [
        f"CREATE INDEX ix_{table}_search ON {table} USING gin (search)",
        function,
        *owned_by_system(f"{table}_matching(bytea[], integer)"),
    ]


class Search:
    """The search of one table, by tokens."""

    def __init__(self, table: Table) -> None:
        matching = getattr(func, f"{table.name}_matching")
        self._newest = Statement(select(matching(given("tokens"), given("at_most")).column_valued("id")))

    async def newest(self, tx: Transaction, tokens: Sequence[bytes], at_most: int = FOUND_AT_MOST) -> list[UUID]:
        """Ids of the newest records that have every token, newest first; none when there is no token."""
        if not tokens:
            return []
        return [row["id"] for row in await tx.rows(self._newest, tokens=list(tokens), at_most=at_most)]


class TextSearch(Search):
    """The search of one table by the words of some members and their beginnings; ``kind`` keeps the tokens of one kind
    of record from meaning anything among another's.
    """

    def __init__(self, table: Table, kind: str, members: Sequence[str]) -> None:
        super().__init__(table)
        self._kind = kind
        self._members = tuple(members)

    def tokens(self, cipher: TenantCipher, record: Mapping[str, Any]) -> list[bytes]:
        """What goes into the record's search column."""
        found = {word for member in self._members for word in words(record.get(member) or "")}
        return sorted(cipher.blind_prefixes(self._kind, found))

    async def matching(
        self, tx: Transaction, cipher: TenantCipher, query: str, at_most: int = FOUND_AT_MOST
    ) -> list[UUID]:
        """Ids of the newest records that have every word of a text; none when it holds no word."""
        return await self.newest(tx, [cipher.blind(self._kind, word) for word in words(query)], at_most)
