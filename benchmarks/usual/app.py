"""A plain FastAPI application on the SQLAlchemy ORM, written the way its documentation teaches.

One insert per create, and nothing of what Dealwright does besides: no key check, no rate limit, no tenant, no
encryption, no blind index, no audit trail, no event. It listens where ``USUAL_PORT`` says, on the database that
``USUAL_DATABASE_URL`` names, and makes its tables when it starts.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, DateTime, ForeignKey, Numeric, String, Uuid
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(
    "postgresql+asyncpg://" + os.environ["USUAL_DATABASE_URL"].partition("://")[2], pool_size=10
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))


class Customer(Base):
    __tablename__ = "customers"
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    phone: Mapped[str | None]
    company: Mapped[str | None]
    address: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    zip: Mapped[str | None]
    country: Mapped[str | None]
    notes: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="active")


class Deal(Base):
    __tablename__ = "deals"
    customer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("customers.id"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    notes: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(9, 6), default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(Numeric(19, 4), default=Decimal(0))
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSON, default=dict)


class NewCustomer(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    email: Annotated[str, Field(min_length=3, max_length=254, pattern=r".+@.+")]
    phone: Annotated[str, Field(max_length=40)] | None = None
    company: Annotated[str, Field(max_length=255)] | None = None
    address: Annotated[str, Field(max_length=255)] | None = None
    city: Annotated[str, Field(max_length=255)] | None = None
    state: Annotated[str, Field(max_length=255)] | None = None
    zip: Annotated[str, Field(max_length=32)] | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    notes: Annotated[str, Field(max_length=10_000)] | None = None


class Stored(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID
    version: int
    created_at: datetime
    updated_at: datetime
    status: str


class CustomerView(Stored, NewCustomer):
    pass


class NewDeal(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=255)]
    customer_id: uuid.UUID | None = None
    description: str | None = None
    notes: str | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    tax_rate: Decimal = Decimal(0)


class DealView(Stored, NewDeal):
    total: Decimal


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


app = FastAPI(lifespan=lifespan)
Session = Annotated[AsyncSession, Depends(session)]


@app.post("/customers", status_code=201, response_model=CustomerView)
async def create_customer(new: NewCustomer, db: Session) -> Customer:
    customer = Customer(**new.model_dump())
    db.add(customer)
    await db.commit()
    return customer


@app.post("/deals", status_code=201, response_model=DealView)
async def create_deal(new: NewDeal, db: Session) -> Deal:
    deal = Deal(**new.model_dump())
    db.add(deal)
    await db.commit()
    return deal


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(os.environ["USUAL_PORT"]), log_level="warning", access_log=False, loop="uvloop", http="httptools"
    )
