"""The demonstration shop: Meridian Tint & Film, who tint windows, wrap paint in film and coat it.

Nobody in it exists: addresses end in ``.example``, telephone numbers are from the range that films use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

TAX_PERCENT: Final = 8
OPENS_AT: Final = 14
"""Hour (UTC) at which the first car is due: eight in the morning where the shop is."""

BAYS: Final = ("Tint 1", "Tint 2", "Film & coating")
"""The first takes over from the bay that every new shop has."""
TECHNICIANS: Final = (("Marcus Bell", "Tint 1"), ("Priya Nair", "Tint 2"), ("Dana Cole", "Film & coating"))

SERVICES: Final[dict[str, tuple[str, int, int]]] = {
    "ceramic-full": ("Ceramic tint, full car (8 windows)", 64_900, 240),
    "ceramic-front": ("Ceramic tint, front two windows", 24_900, 90),
    "windshield": ("Windshield tint, ceramic IR 70 %", 18_000, 60),
    "carbon-full": ("Carbon tint, full car", 42_900, 180),
    "removal": ("Old film removed, rear window", 9_500, 60),
    "ppf-partial": ("Paint protection film: hood, fenders, mirrors", 129_500, 480),
    "ppf-full": ("Paint protection film: full front", 219_000, 1_800),
    "ceramic-coat": ("Ceramic coating, three years", 89_900, 420),
    "headlights": ("Headlight film, pair", 14_900, 45),
    "interior": ("Interior detail", 17_500, 120),
}
"""What it is called, what it costs in cents, and how many minutes it takes."""


def _client(name: str, digits: int, notes: str | None = None, *, mail: bool = True) -> dict[str, Any]:
    address = f"{name.lower().replace(' ', '.').replace('&', 'and')}@mail.example"
    return {"name": name, "email": address if mail else None, "phone": f"+1512555{digits:04}", "notes": notes}


def _car(year: int, make: str, model: str, color: str, vin: str | None = None, **more: Any) -> dict[str, Any]:
    return {"year": year, "make": make, "model": model, "color": color, "vin": vin, **more}


CLIENTS: Final[dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = {
    "Jordan": (
        _client("Jordan Rivera", 182, "Referred by Marcus."),
        [_car(2022, "Tesla", "Model 3", "Pearl White", "5YJ3E1EA4NF123456", trim="Long Range")],
    ),
    "Amelia": (_client("Amelia Stone", 183), [_car(2024, "Toyota", "Camry", "Celestial Silver", trim="XSE")]),
    "Dev": (
        _client("Dev Patel", 184, "Prefers text over email."),
        [_car(2021, "BMW", "M340i", "Portimao Blue", license_plate="KLM4821")],
    ),
    "Rosa": (_client("Rosa Delgado", 185), [_car(2019, "Honda", "CR-V", "Radiant Red", license_plate="RSD0719")]),
    "Okafor": (
        _client("Okafor Logistics", 186, "Fleet: invoices to the office, net 30."),
        [_car(2023, "Ford", "Transit", "Oxford White"), _car(2023, "Ford", "Transit", "Agate Black")],
    ),
    "Grace": (_client("Grace Lindqvist", 187), [_car(2025, "Rivian", "R1S", "Forest Green")]),
    "Theo": (_client("Theo Marsh", 188, mail=False), [_car(2016, "Subaru", "WRX", "World Rally Blue")]),
    "Nina": (_client("Nina Kowalski", 189), [_car(2023, "Porsche", "Taycan", "Frozen Blue", trim="4S")]),
    "Walt": (
        _client("Walt Henderson", 190, "Picks up after five.", mail=False),
        [_car(2014, "Chevrolet", "Silverado", "Black")],
    ),
    "Imani": (_client("Imani Brooks", 191), [_car(2022, "Kia", "EV6", "Runway Red")]),
}

Ending = Literal["paid", "deposit", "owing", "no_show", "canceled", "declined", "lapsed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: when it is due (days from today and hours after opening), and how it turns out."""

    client: str
    services: tuple[str, ...]
    day: int
    hour: float
    bay: str
    ending: Ending = "paid"
    car: int = 0
    method: str = "card"
    notes: str | None = None


WEEK: Final = (
    Job("Jordan", ("ceramic-full", "windshield"), -3, 0, "Tint 1", notes="35 % on front, 20 % rear."),
    Job("Theo", ("removal", "carbon-full"), -3, 0.5, "Tint 2", method="cash", notes="Bubbles on the rear window."),
    Job("Nina", ("ppf-full", "headlights"), -3, 0, "Film & coating", "deposit", notes="Two days; photos at the seams."),
    Job("Walt", ("ceramic-front",), -3, 6, "Tint 1", method="check"),
    Job("Amelia", ("ceramic-full",), -2, 0, "Tint 1"),
    Job("Rosa", ("windshield",), -2, 1, "Tint 2", "no_show"),
    Job("Okafor", ("carbon-full",), -2, 4, "Tint 2", "owing", method="ach"),
    Job("Okafor", ("carbon-full",), -1, 0, "Tint 2", "owing", car=1, method="ach"),
    Job("Imani", ("ceramic-front", "windshield"), -1, 0, "Tint 1", method="card"),
    Job("Dev", ("ceramic-coat", "interior"), -1, 0.5, "Film & coating", notes="Swirl marks on the hood, polish first."),
    Job("Grace", ("ppf-partial",), 0, 0, "Film & coating", "deposit", notes="New car, 40 miles; keep the wraps on."),
    Job("Rosa", ("windshield",), 0, 1, "Tint 2", notes="Second try; call in the morning."),
    Job("Theo", ("headlights",), 0, 3, "Tint 1", method="cash"),
    Job("Walt", ("interior",), 1, 0, "Tint 2", "canceled"),
    Job("Jordan", ("ceramic-coat",), 1, 0, "Film & coating", notes="Wants it before the road trip."),
    Job("Nina", ("ceramic-full",), 1, 1, "Tint 1"),
    Job("Imani", ("ppf-partial",), 2, 0, "Film & coating"),
    Job("Amelia", ("headlights", "interior"), 2, 2, "Tint 2"),
    Job("Dev", ("ppf-full",), 0, 0, "Film & coating", "declined"),
    Job("Grace", ("ceramic-coat",), 0, 0, "Film & coating", "lapsed"),
)
"""Six days, three of them behind us; what the clock has not reached has not happened yet."""
