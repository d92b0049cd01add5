"""Batch (Salesbooth API, Batch): up to 25 operations of the registry in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, model_validator

from dealwright.kernel import fields
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, DealwrightError, StaleVersion, Unavailable
from dealwright.kernel.fields import Identifier, Input, Integer, Wire
from dealwright.kernel.operations import Operation, Reply, operation, registry
from dealwright.kernel.pipeline import authorise, show_current
from dealwright.modules.customers.models import NamedCustomer

MOST: Final = 25

Method = Literal["GET", "POST", "PATCH", "DELETE"]
BatchResource = Literal["deals", "customers", "products", "contracts"]

_VERBS: Final = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
_LOOSER_INPUTS: Final[dict[str, type[BaseModel]]] = {"customers.create": NamedCustomer}
"""In a batch a customer may be created with a name alone, as the document's own sample does."""


class Step(Input):
    method: Method
    resource: BatchResource
    id: Annotated[Identifier | None, Field(description="needed for PATCH and DELETE; a GET without it lists")] = None
    body: Annotated[dict[str, Any], Field(description="members of a write, filters of a list")] = {}
    version: Annotated[Integer | None, Field(ge=1, description="expected version, in place of If-Match")] = None

    @model_validator(mode="after")
    def _addressed(self) -> Step:
        if self.method in ("PATCH", "DELETE") and self.id is None:
            raise ValueError(f"{self.method} needs an id")
        if self.operation_id not in registry:
            raise ValueError(f"{self.resource} cannot be used in a batch here")
        return self

    @property
    def operation_id(self) -> str:
        verb = _VERBS.get(self.method) or ("get" if self.id is not None else "list")
        return f"{self.resource}.{verb}"

    @property
    def writes(self) -> bool:
        return self.method != "GET"


class Batch(Input):
    operations: Annotated[list[Step], Field(min_length=1, max_length=MOST)]


class StepError(Wire):
    code: str
    category: str
    message: str
    details: dict[str, Any] | None


class StepResult(Wire):
    index: int
    status: int
    data: Any = None
    error: StepError | None = None


class BatchResult(Wire):
    results: list[StepResult]
    committed: bool


class _Failed(Exception):
    """A write failed: undo all of them."""


@operation(
    "batch.execute",
    "POST",
    "/batch",
    scope=None,
    result=BatchResult,
    events=(
        "customer.created",
        "customer.updated",
        "customer.deleted",
        "deal.created",
        "deal.updated",
        "deal.status_changed",
        "contract.activated",
        "contract.terminated",
        "contract.renewal_opted_out",
    ),
    tool=("execute_batch", "execution"),
)
async def execute(ctx: Context, params: Batch) -> Reply:
    """Run up to 25 operations in order, in one transaction, each under its own scope.

    When a write fails, every write is undone and ``committed`` is false; reads keep what they found. Each result has
    the status that the operation would have had alone.
    """
    for step in params.operations:
        authorise(registry[step.operation_id], ctx.principal)
    results: list[dict[str, Any]] = []
    try:
        async with ctx.undoable():
            for step in params.operations:
                result = await _run(ctx, step)
                results.append(result)
                if step.writes and "error" in result:
                    raise _Failed
    except _Failed:
        return Reply({"results": await _after_failure(ctx, params.operations, results), "committed": False})
    return Reply({"results": _numbered(results), "committed": True})


def _numbered(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"index": index, **result} for index, result in enumerate(results)]


async def _after_failure(ctx: Context, steps: list[Step], done: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Writes say that they were undone; reads that had not come yet are answered now."""
    undone = Conflict("Undone because another write of the batch failed", code="conflict.batch_rolled_back")
    results = []
    for index, step in enumerate(steps):
        failed_itself = index < len(done) and "error" in done[index]
        if step.writes and not failed_itself:
            results.append(_failure(undone))
        elif index < len(done):
            results.append(done[index])
        else:
            results.append(await _run(ctx, step))
    return _numbered(results)


async def _run(ctx: Context, step: Step) -> dict[str, Any]:
    called = registry[step.operation_id]
    inner = replace(ctx, operation=called, expected_version=step.version)
    arguments = {**step.body, **({} if step.id is None else {"id": step.id})}
    try:
        params = fields.validate(_LOOSER_INPUTS.get(called.id, called.input), arguments)
        async with inner.undoable():
            reply = await called.handler(inner, params)
            await inner.flush()
    except StaleVersion as error:
        await show_current(inner, error)
        return _failure(error)
    except Unavailable:
        raise
    except DealwrightError as error:
        return _failure(error)
    return {"status": _status(called, reply), "data": reply.data}


def _status(called: Operation, reply: Reply) -> int:
    return reply.status or called.status


def _failure(error: DealwrightError) -> dict[str, Any]:
    details = {**(error.details or {}), **({} if error.data is None else {"current": error.data})}
    return {
        "status": error.status,
        "error": {
            "code": error.code,
            "category": error.category,
            "message": error.message,
            "details": details or None,
        },
    }
