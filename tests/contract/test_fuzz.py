"""Any input gets an answer that the OpenAPI document knows: schemathesis against a running server.

Every operation gets valid and invalid requests made from its own entry. So that they also reach the records, ids are
now and then replaced by real ones. ``DEALWRIGHT_FUZZ_EXAMPLES`` says how many requests an operation gets of each kind.
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
    allow_header_conformance,
    content_type_conformance,
    missing_required_header,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from dealwright.app import Application
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.operations import Operation, registry
from dealwright.kernel.settings import Settings
from dealwright.surfaces.salesbooth import openapi
from tests.streaming import hanging_up

EXAMPLES = int(os.environ.get("DEALWRIGHT_FUZZ_EXAMPLES", "10"))
RECORDS = 12
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
    missing_required_header,
    unsupported_method,
]


@dataclass
class Running:
    """A server on a free port, a key that may do everything, and ids of records that exist, by kind."""

    url: str
    key: str
    schema: Any
    session: requests.Session
    records: dict[str, list[str]]


async def _make_key(application: Application) -> str:
    assert application.services is not None
    async with application.services.database.system() as tx:
        made = await keys.create_key(tx, workspace=f"fuzz {time.time_ns()}", kind="test", now=utc_now())
    return made.secret


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Running]:
    application = Application(settings.model_copy(update={"pool_size": 4}))
    server = uvicorn.Server(uvicorn.Config(hanging_up(application), "127.0.0.1", 0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    serving = server.servers[0].get_loop()
    key = asyncio.run_coroutine_threadsafe(_make_key(application), serving).result(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    try:
        records = _records(session, f"{url}/api/v1")
        schema = schemathesis.openapi.from_dict(openapi.build(registry, url))
        yield Running(url, key, schema, session, records)
    finally:
        session.close()
        server.should_exit = True
        thread.join(20)


def _records(session: requests.Session, base: str) -> dict[str, list[str]]:
    """Some of each kind of record, for the requests to meet."""
    found: dict[str, list[str]] = {"customer": [], "product": [], "deal": []}
    for index in range(RECORDS):
        customer = {"name": f"Fuzz {index}", "email": f"fuzz{index}@example.com"}
        found["customer"].append(_made(session, f"{base}/customers", customer))
        found["product"].append(_made(session, f"{base}/products", {"name": f"Part {index}", "price": 10}))
        deal = {"title": f"Deal {index}", "customer_id": found["customer"][-1]}
        found["deal"].append(_made(session, f"{base}/deals", deal))
        if index % 2:
            item = {"product_id": found["product"][-1], "quantity": 2}
            _made(session, f"{base}/deals/{found['deal'][-1]}/items", item)
            session.post(f"{base}/deals/{found['deal'][-1]}/transition", json={"status": "in_progress"}, timeout=10)
    return found


def _made(session: requests.Session, url: str, body: dict[str, Any]) -> str:
    response = session.post(url, json=body, timeout=10)
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["id"])


def _kind(operation: Operation, name: str) -> str:
    return operation.resource if name == "id" else name.removesuffix("_id")


def _with_real_ids(data: st.DataObject, operation: Operation, case: Any, records: dict[str, list[str]]) -> None:
    for container in (case.path_parameters, case.query, case.body):
        if isinstance(container, dict):
            for name in container:
                known = records.get(_kind(operation, name), []) if isinstance(name, str) else []
                if known and (name == "id" or name.endswith("_id")):
                    container[name] = data.draw(st.sampled_from(known), label=name)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("operation_id", sorted(each.id for each in registry))
def test_every_answer_is_documented(running: Running, operation_id: str, mode: GenerationMode) -> None:
    operation = registry[operation_id]
    described = running.schema[operation.route.rest][operation.route.method]
    cases = described.as_strategy(generation_mode=mode)

    @seed(20260309)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(cases)
        if data.draw(st.booleans(), label="real ids"):
            _with_real_ids(data, operation, case, running.records)
        response = case.call(base_url=f"{running.url}/api/v1", session=running.session, timeout=20)
        case.validate_response(response, checks=CHECKS)

    try:
        check()
    except Unsatisfiable:
        if mode is GenerationMode.POSITIVE:
            raise
        pytest.skip("takes nothing that could be wrong")
