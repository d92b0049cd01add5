"""Several writes and reads in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dealwright_client import errors
from dealwright_client.errors import ApiError, DealwrightError


class BatchFailed(DealwrightError):
    """A step failed, so every write of the batch was undone."""

    def __init__(self, index: int, error: ApiError, results: Sequence[Any]) -> None:
        self.index = index
        """The number of the step that failed, from 0."""
        self.error = error
        self.results = results
        super().__init__(f"step {index}: {error}")


class Batch:
    """Collects the steps of a batch::

    batch = Batch()
    batch.create("customers", name="Jane Smith", email="jane@example.com")
    batch.update("deals", deal["id"], version=deal["version"], notes="called back")
    customer, deal = batch.results(client.batch.execute(operations=batch.operations))
    """

    def __init__(self) -> None:
        self.operations: list[Any] = []
        """What ``client.batch.execute(operations=…)`` takes; at most 25."""

    def create(self, resource: str, **members: object) -> None:
        self._add(method="POST", resource=resource, body=members)

    def update(self, resource: str, id: str, *, version: int | None = None, **members: object) -> None:
        self._add(method="PATCH", resource=resource, id=id, version=version, body=members)

    def delete(self, resource: str, id: str, *, version: int | None = None) -> None:
        self._add(method="DELETE", resource=resource, id=id, version=version)

    def get(self, resource: str, id: str) -> None:
        self._add(method="GET", resource=resource, id=id)

    def list(self, resource: str, **filters: object) -> None:
        self._add(method="GET", resource=resource, body=filters)

    def _add(self, **step: object) -> None:
        self.operations.append({name: value for name, value in step.items() if value is not None})

    @staticmethod
    def results(outcome: Mapping[str, Any]) -> Sequence[Any]:
        """The data of every step, in order. Raises BatchFailed when the batch was undone.

        A read may fail without undoing the writes; its place holds its :class:`ApiError`.
        """
        found: Sequence[Any] = [_result(each) for each in outcome["results"]]
        if not outcome["committed"]:
            for index, each in enumerate(found):
                if isinstance(each, ApiError) and each.code != "conflict.batch_rolled_back":
                    raise BatchFailed(index, each, outcome["results"])
        return found


def _result(step: Mapping[str, Any]) -> Any:
    return errors.made(step["status"], step["error"]) if step.get("error") else step.get("data")
