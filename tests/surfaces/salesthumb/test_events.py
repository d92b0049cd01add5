"""The envelope and the signature of webhooks, verified as the receivers' samples do."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
import uuid
from datetime import UTC, datetime

import orjson
import pytest

from dealwright.modules.shop.webhooks import event_names
from dealwright.surfaces.salesthumb import events

SHOP = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
AT = datetime(2026, 4, 26, 14, 23, 11, tzinfo=UTC)
PAID = {"invoice_id": "inv_1", "customer_id": "cus_1", "total_cents": 84900, "paid_at": "2026-04-26T14:23:11.000Z"}
SECRET = "whsec_büro"


def test_the_documented_envelope() -> None:
    assert orjson.loads(events.body("invoice.paid", "shop_invoice", SHOP, AT, PAID)) == {
        "event": "invoice.paid",
        "shopId": "01234567-89ab-cdef-0123-456789abcdef",
        "timestamp": "2026-04-26T14:23:11.000Z",
        "data": {
            "invoiceId": "inv_1",
            "customerId": "cus_1",
            "totalCents": 84900,
            "paidAt": "2026-04-26T14:23:11.000Z",
        },
    }


def test_a_shared_customers_event() -> None:
    announced = {"id": "cust_1", "company": None, "status": "active", "created_at": "2026-03-09T10:30:00Z"}
    assert events.data("customer", announced) == {
        "customerId": "cus_1",
        "company": None,
        "status": "active",
        "createdAt": "2026-03-09T10:30:00.000Z",
    }


def test_python_receivers() -> None:
    raw = events.body("invoice.paid", "shop_invoice", SHOP, AT, PAID)
    sent = events.headers("invoice.paid", SECRET, raw, uuid.uuid4())["X-SalesThumb-Signature"]
    assert sent.startswith("sha256=")
    expected = hmac.new(SECRET.encode("utf-8"), raw, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(sent.removeprefix("sha256="), expected)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_receivers() -> None:
    raw = events.body("invoice.paid", "shop_invoice", SHOP, AT, PAID)
    script = (
        "const c = require('crypto'); const [secret, body, sent] = process.argv.slice(1);"
        "const own = c.createHmac('sha256', secret).update(body).digest('hex');"
        "process.exit(c.timingSafeEqual(Buffer.from(own, 'hex'), Buffer.from(sent.slice(7), 'hex')) ? 0 : 1);"
    )
    sent = events.signature(SECRET, raw)
    subprocess.run(["node", "-e", script, SECRET, raw.decode(), sent], check=True, timeout=30)


def test_each_attempt_has_an_id_of_its_own_and_the_same_body() -> None:
    raw = events.body("invoice.paid", "shop_invoice", SHOP, AT, PAID)
    first, second = (events.headers("invoice.paid", SECRET, raw, uuid.uuid4()) for _ in range(2))
    assert first.pop("X-SalesThumb-Delivery") != second.pop("X-SalesThumb-Delivery")
    assert first == second
    assert first["User-Agent"] == "SalesThumb-Webhook/1.0"
    assert first["X-SalesThumb-Event"] == "invoice.paid"


def test_the_events_that_exist() -> None:
    known = event_names()
    resources = ("customer", "vehicle", "appointment", "quote", "invoice", "payment")
    expected = {f"{name}.{verb}" for name in resources for verb in ("created", "updated", "deleted")}
    expected |= {
        f"appointment.{verb}" for verb in ("confirmed", "checked_in", "in_progress", "completed", "canceled", "no_show")
    }
    expected |= {f"quote.{verb}" for verb in ("sent", "accepted", "declined", "expired", "converted")}
    expected |= {f"invoice.{verb}" for verb in ("partial", "paid", "voided", "overdue")}
    assert set(known) == expected | {"payment.recorded"}
