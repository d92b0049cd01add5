"""Any input gets an answer that the OpenAPI document knows: schemathesis against the SalesThumb surface.

``DEALWRIGHT_FUZZ_EXAMPLES`` says how many requests an operation gets of each kind.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dealwright.app import Application
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.settings import Settings
from dealwright.modules.shop.registry import shop_registry
from dealwright.surfaces.salesthumb import openapi
from tests.shop import LINES, TESLA

EXAMPLES = int(os.environ.get("DEALWRIGHT_FUZZ_EXAMPLES", "5"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Running:
    """A server, its document, and ids of records that exist, by the group of operations that is about them."""

    base: str
    schema: Any
    session: requests.Session
    records: dict[str, str]


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Running]:
    application = Application(settings.model_copy(update={"pool_size": 4, "run_workers": False}))
    server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", 0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)

    async def key() -> str:
        assert application.services is not None
        async with application.services.database.system() as tx:
            name = f"fuzz {time.time_ns()}"
            return (await keys.create_key(tx, workspace=name, kind="test", now=utc_now(), brand="st")).secret

    secret = asyncio.run_coroutine_threadsafe(key(), server.servers[0].get_loop()).result(10)
    base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    session = requests.Session()
    session.headers["X-SalesThumb-Key"] = secret
    try:
        schema = schemathesis.openapi.from_dict(openapi.build(shop_registry, base))
        yield Running(base, schema, session, _records(session, base))
    finally:
        session.close()
        server.should_exit = True
        thread.join(20)


def _records(session: requests.Session, base: str) -> dict[str, str]:
    def made(path: str, body: dict[str, Any]) -> str:
        response = session.post(f"{base}{path}", json=body, timeout=10)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    customer = made("/customers", {"name": "Fuzz"})
    vehicle = made("/vehicles", {"customer_id": customer, **TESLA})
    booking = {"customer_id": customer, "service_type": "Tint", "scheduled_at": "2026-06-10T09:00:00Z"}
    invoice = made("/invoices", {"customer_id": customer, "line_items": LINES})
    return {
        "customers": customer,
        "vehicles": vehicle,
        "appointments": made("/appointments", {**booking, "duration_minutes": 60}),
        "quotes": made("/quotes", {"customer_id": customer, "line_items": LINES}),
        "invoices": invoice,
        "payments": made(f"/payments/{invoice}/record", {"amount_cents": 1, "method": "cash"}),
        "bays": made("/bays", {"name": "Second"}),
        "technicians": made("/technicians", {"name": "Dana"}),
        "webhooks": made("/webhooks", {"url": "https://receiver.invalid/hook", "events": ["*"]}),
    }


def _with_real_ids(data: st.DataObject, group: str, case: Any, records: dict[str, str]) -> None:
    for container in (case.path_parameters, case.query, case.body):
        for name in container if isinstance(container, dict) else ():
            kind = group if name == "id" else f"{str(name).removesuffix('_id')}s"
            if kind in records and data.draw(st.booleans(), label=str(name)):
                container[name] = records[kind]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("operation_id", sorted(each.id for each in shop_registry))
def test_every_answer_is_documented(running: Running, operation_id: str, mode: GenerationMode) -> None:
    operation = shop_registry[operation_id]
    described = running.schema[operation.route.rest][operation.route.method]

    @seed(20261122)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode), data=st.data())
    def every_answer(case: Any, data: st.DataObject) -> None:
        if operation.route.method != "DELETE":
            _with_real_ids(data, operation.group, case, running.records)
        if case.headers:  # one key answers whatever comes under it, also from another operation
            case.headers.pop("Idempotency-Key", None)
        response = case.call(base_url=running.base, session=running.session, timeout=20)
        case.validate_response(response, checks=CHECKS)

    try:
        every_answer()
    except Unsatisfiable:
        pytest.skip("there is no request of this kind")
