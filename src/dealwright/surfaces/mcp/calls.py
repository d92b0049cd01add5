"""Running an operation for an MCP caller, as the REST surface would for the same key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.kernel import fields
from dealwright.kernel.access.admission import Admission, Refused
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import Call, Outcome, Pipeline, failure
from dealwright.surfaces.mcp.caller import Caller


class Calls:
    """Charges what the REST twin would charge, and hands the call to the pipeline.

    ``registry`` holds the operations that share their idempotency keys with their REST twins; the others, of another
    API, whose ids may be the same, have theirs by the names of their tools.
    """

    def __init__(self, pipeline: Pipeline, admission: Admission, registry: Registry) -> None:
        self._pipeline = pipeline
        self._admission = admission
        self._registry = registry

    async def run(
        self,
        caller: Caller,
        operation: Operation,
        arguments: Mapping[str, Any],
        *,
        version: str | None = None,
        idempotency_key: str | None = None,
    ) -> Outcome:
        """Never raises a DealwrightError: it becomes the Outcome."""
        ref = new_ref()
        try:
            fields.refuse_nul(arguments)
            if operation.limit is not None:
                await self._admission.charge(operation.limit, caller.ip)
        except Refused as refused:
            return failure(refused.error, ref)
        except DealwrightError as error:
            return failure(error, ref)
        return await self._pipeline.run(
            Call(
                operation=operation,
                arguments=arguments,
                principal=caller.principal,
                ref=ref,
                if_match=version,
                idempotency_key=idempotency_key,
                idempotency_space=self._space(operation),
                version_optional=True,
                delegation_id=caller.delegation_id,
                origin=caller.origin,
            )
        )

    def _space(self, operation: Operation) -> str | None:
        if operation.tool is None or (operation.id in self._registry and self._registry[operation.id] is operation):
            return None
        return f"tool:{operation.tool.name}"
