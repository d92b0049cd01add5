"""Inputs and results of the shop operations (SalesThumb REST API): customers, vehicles, the calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from dealwright.kernel import clock
from dealwright.kernel.fields import Csv, Identifier, Input, InQuery, Instant, Integer, LongText, Patch, ShortText, Wire
from dealwright.kernel.paging import Onward, OnwardView
from dealwright.modules.customers.models import Contact, Email, Phone
from dealwright.modules.shop import rules
from dealwright.modules.shop.rules import AppointmentStatus

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
LONGEST_MINUTES: Final = 90 * 24 * 60
"""An appointment may last many days, not many months."""


def _within_the_calendar(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError(f"must lie between {clock.iso(_EARLIEST)} and {clock.iso(_LATEST)}")
    return moment


Moment = Annotated[Instant, AfterValidator(_within_the_calendar)]
InPath = Annotated[Identifier, InQuery()]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Vin = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(rules.normal_vin),
    Field(description="17 characters", examples=["5YJ3E1EA4NF123456"]),
]
Plate = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Year = Annotated[Integer, Field(ge=rules.FIRST_YEAR, le=2200, description="model year", examples=[2022])]
Minutes = Annotated[Integer, Field(ge=1, le=LONGEST_MINUTES, description="estimated duration", examples=[240])]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-05-25T14:00:00.000Z"])]
"""An instant of a result: ISO 8601 in UTC with milliseconds."""


class ById(Input):
    id: Identifier


class Including(Input):
    include: Annotated[Csv | None, Field(description="customer, vehicle: embed these records")] = None


class ByIdIncluding(ById, Including):
    pass


class NewShopCustomer(Contact, Input):
    name: Annotated[ShortText, Field(description="full or business name", examples=["Jordan Rivera"])]
    email: Email | None = None
    phone: Annotated[Phone | None, Field(description="E.164", examples=["+15125550182"])] = None
    notes: Annotated[LongText | None, Field(description="internal")] = None


class ShopCustomerPatch(Contact, Patch):
    id: InPath
    name: ShortText = ""
    email: Email | None = None
    phone: Phone | None = None
    notes: LongText | None = None


class ShopCustomerList(Onward):
    search: Annotated[
        str | None, StringConstraints(min_length=1, max_length=200), Field(description="name, email or phone")
    ] = None


class ShopCustomerView(Wire):
    id: str
    name: str | None
    email: str | None
    phone: str | None
    notes: str | None
    created_at: Time
    updated_at: Time


class ShopCustomerPage(Wire):
    data: list[ShopCustomerView]
    pagination: OnwardView


class NewVehicle(Input):
    customer_id: Identifier
    year: Year
    make: Annotated[Word, Field(examples=["Tesla"])]
    model: Annotated[Word, Field(examples=["Model 3"])]
    trim: Word | None = None
    color: Word | None = None
    vin: Vin | None = None
    license_plate: Plate | None = None


class VehiclePatch(Patch):
    id: InPath
    year: Year = 0
    make: Word = ""
    model: Word = ""
    trim: Word | None = None
    color: Word | None = None
    vin: Vin | None = None
    license_plate: Plate | None = None


class VehicleList(Onward):
    customer_id: Identifier


class VehicleView(Wire):
    id: str
    customer_id: str
    year: int
    make: str
    model: str
    trim: str | None
    color: str | None
    vin: str | None
    vin_warning: Annotated[str | None, Field(description="what is odd about the VIN: its check digit")]
    license_plate: str | None
    created_at: Time


class VehiclePage(Wire):
    data: list[VehicleView]
    pagination: OnwardView


ServiceType = Annotated[ShortText, Field(description="free text", examples=["Ceramic tint — full car"])]
Start = Annotated[Moment, Field(description="start, UTC", examples=["2026-06-10T09:00:00.000Z"])]


class NewAppointment(Input):
    customer_id: Identifier
    vehicle_id: Identifier | None = None
    service_type: ServiceType
    scheduled_at: Start
    duration_minutes: Minutes
    notes: Annotated[LongText | None, Field(description="for the technician")] = None
    bay_id: Annotated[Identifier | None, Field(description="a free one is chosen unless given")] = None
    technician_id: Identifier | None = None


class AppointmentPatch(Patch):
    id: InPath
    status: AppointmentStatus = "pending"
    vehicle_id: Identifier | None = None
    service_type: ServiceType = ""
    scheduled_at: Start = _EARLIEST
    duration_minutes: Minutes = 0
    notes: LongText | None = None
    bay_id: Identifier = ""
    technician_id: Identifier | None = None


class AppointmentList(Onward, Including):
    status: AppointmentStatus | None = None
    customer_id: Identifier | None = None
    ends_after: Annotated[Moment | None, Field(description="with starts_before: what takes place in between")] = None
    starts_before: Moment | None = None


class WithOwner(Wire):
    """What ``include`` adds to a record of a customer."""

    customer: Annotated[ShopCustomerView | None, Field(description="with include=customer")] = None


class WithVehicle(WithOwner):
    vehicle: Annotated[VehicleView | None, Field(description="with include=vehicle")] = None


class AppointmentView(WithVehicle):
    id: str
    customer_id: str
    vehicle_id: str | None
    status: AppointmentStatus
    service_type: str
    scheduled_at: Time
    duration_minutes: int
    notes: str | None
    bay_id: str
    technician_id: str | None
    created_at: Time
    updated_at: Time


class AppointmentPage(Wire):
    data: list[AppointmentView]
    pagination: OnwardView


DueDays = Annotated[
    Integer, Field(ge=0, le=365, description="days from conversion of a quote to the invoice's due date")
]


class ShopPatch(Patch):
    invoice_due_days: DueDays = 14


class NewBay(Input):
    name: Word


class BayPatch(Patch):
    id: InPath
    name: Word = ""


class NewTechnician(Input):
    name: Word
    primary_bay_id: Annotated[Identifier | None, Field(description="tried first, not binding")] = None


class TechnicianPatch(Patch):
    id: InPath
    name: Word = ""
    primary_bay_id: Identifier | None = None


class BayView(Wire):
    id: str
    name: str
    created_at: Time


class TechnicianView(Wire):
    id: str
    name: str
    primary_bay_id: str | None
    created_at: Time


class ShopView(Wire):
    id: Annotated[str, Field(description="the shopId of webhook envelopes")]
    invoice_due_days: int
    bays: list[BayView]
    technicians: list[TechnicianView]
    created_at: Time
    updated_at: Time


def page(objects: list[dict[str, Any]], pagination: dict[str, Any]) -> dict[str, Any]:
    """The answer of a list."""
    return {"data": objects, "pagination": pagination}
