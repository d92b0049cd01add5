"""A worker process whose job never ends: ``python -m tests.kernel.jobs.dying_worker DSN TYPE``. Prints a line when
the job has begun, and is then killed.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from pydantic import BaseModel

import dealwright.app  # noqa: F401 - the whole product, as in a real worker
from dealwright.kernel.clock import utc_now
from dealwright.kernel.context import Steps
from dealwright.kernel.crypto import Keyring
from dealwright.kernel.jobs.jobs import job
from dealwright.kernel.jobs.worker import JobWorker
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.signals import Signals


class Nothing(BaseModel):
    pass


async def work(dsn: str, kind: str, secret: str) -> None:
    @job(kind)
    async def never_end(steps: Steps, arguments: Nothing) -> dict[str, Any]:
        print("begun", flush=True)
        await asyncio.sleep(3600)
        return {}

    database = Database(dsn, pool_size=2)
    await database.open()
    pipeline = Pipeline(database, Keyring(secret.encode()), utc_now)
    worker = JobWorker(pipeline, Signals(database), concurrency=1)
    await worker.start()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
