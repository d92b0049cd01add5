"""The demonstration business: Crema & Iron of Melbourne, who sell, install and look after coffee equipment.

Nobody in it exists: addresses end in ``.example``, telephone numbers are from ranges that no one is given.
"""

from __future__ import annotations

from typing import Any, Final

from dealwright.modules.sandbox.story import Business, Story

_CURRENCY: Final = "AUD"
_TAX_RATE: Final = 0.10


def _product(sku: str, name: str, price: float, cost: float, category: str, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "name": name, "price": price, "cost": cost, "category": category, "tax_rate": _TAX_RATE, **more}


def _stocked(quantity: int, low: int) -> dict[str, Any]:
    return {"track_inventory": True, "stock_quantity": quantity, "low_stock_threshold": low, "unit": "each"}


_PRODUCTS: Final = [
    _product("ESP-1G", "Lumen one-group espresso machine", 5_450, 3_720, "Espresso machines", **_stocked(6, 2)),
    _product("ESP-2G", "Lumen two-group espresso machine", 11_900, 8_240, "Espresso machines", **_stocked(9, 3)),
    _product("ESP-3G", "Lumen three-group espresso machine", 16_750, 11_800, "Espresso machines", **_stocked(3, 1)),
    _product("GRD-OD", "Kestrel on-demand grinder, 75 mm", 2_380, 1_560, "Grinders", **_stocked(18, 5)),
    _product("GRD-BULK", "Kestrel bulk grinder, 98 mm", 3_940, 2_710, "Grinders", **_stocked(5, 2)),
    _product("BREW-2", "Harbour batch brewer, 2 x 3 litres", 2_890, 1_930, "Brewers", **_stocked(7, 2)),
    _product("ROAST-5", "Ember drum roaster, 5 kg", 28_600, 21_400, "Roasting", **_stocked(1, 1)),
    _product("WTR-RO", "Reverse osmosis unit with remineraliser", 1_690, 1_040, "Water", **_stocked(12, 4)),
    _product("WTR-CART", "Filter cartridge, 12,000 litres", 189, 96, "Water", **_stocked(140, 40)),
    _product("ACC-KIT", "Barista kit: tampers, jugs, scale", 395, 210, "Accessories", **_stocked(32, 10)),
    _product("CLN-TAB", "Cleaning tablets, tub of 150", 42, 17, "Accessories", **_stocked(260, 60)),
    _product("BEAN-IRON", "Ironbark espresso blend, 1 kg", 34, 19, "Coffee", unit="kg"),
    _product("SRV-INST", "Installation and commissioning", 680, 310, "Services", type="service", unit="per machine"),
    _product(
        "SRV-TRAIN",
        "Barista training, half a day",
        540,
        180,
        "Services",
        type="service",
        requires_booking=True,
        session_duration=240,
        buffer_time=30,
        unit="per group of six",
    ),
    _product(
        "SRV-CARE",
        "Care plan: two services a year, parts included",
        1_150,
        520,
        "Services",
        type="subscription",
        price_type="recurring",
        billing_cycle="annual",
        unit="per machine",
    ),
]

_PEOPLE: Final = """
Nadia Ferraro|Little Lantern Espresso|nadia@littlelantern.example|Brunswick|VIC|3056
Tom Okafor|Okafor & Daughters|tom@okafordaughters.example|Footscray|VIC|3011
Priya Raman|The Paper Mill Café|priya@papermillcafe.example|Fairfield|VIC|3078
Angus Muir|Muir Street Bakers|angus@muirstreet.example|Geelong|VIC|3220
Mei-Ling Chua|Hotel Esplanade Collins|meiling.chua@esplanadecollins.example|Melbourne|VIC|3000
Joel Hartigan|Saltbush Roasting Co|joel@saltbushroasting.example|Ballarat|VIC|3350
Francesca Bellini|Bellini Pasticceria|francesca@bellinipasticceria.example|Carlton|VIC|3053
Dawit Tesfaye|Addis Corner|dawit@addiscorner.example|Flemington|VIC|3031
Hannah Lindqvist|Nordlys Bakery|hannah@nordlys.example|Northcote|VIC|3070
Sam Papadakis|Kafeneio|sam@kafeneio.example|Oakleigh|VIC|3166
Grace Whitlam|St Brigid's Hospital|g.whitlam@stbrigids.example|Bendigo|VIC|3550
Oliver Nguyen|Two Bridges Coffee|oliver@twobridges.example|Richmond|VIC|3121
Ruth Abelson|Abelson Legal|ruth@abelsonlegal.example|Melbourne|VIC|3000
Marcus Tane|Kauri Coffee Carts|marcus@kauricarts.example|Torquay|VIC|3228
Isabel Moreno|La Esquina|isabel@laesquina.example|Fitzroy|VIC|3065
Callum Reid|Reid's General Store|callum@reidsgeneral.example|Castlemaine|VIC|3450
Yuki Tanabe|Tanabe Kissaten|yuki@tanabekissaten.example|South Yarra|VIC|3141
Leila Haddad|Cedar & Fig|leila@cedarandfig.example|Coburg|VIC|3058
Bronte Sinclair|Surf Club Torquay|bronte@surfclubtorquay.example|Torquay|VIC|3228
Peter Vass|Vass Catering|peter@vasscatering.example|Dandenong|VIC|3175
Amara Diallo|Westgate University|amara.diallo@westgate.example|Werribee|VIC|3030
Finn Gallagher|The Anchor Hotel|finn@anchorhotel.example|Williamstown|VIC|3016
Zoe Karras|Zoe's Milk Bar|zoe@zoesmilkbar.example|Preston|VIC|3072
Rajesh Iyer|Platform Nine|rajesh@platformnine.example|Docklands|VIC|3008
Eleanor Voss|Voss Architects|eleanor@vossarchitects.example|Collingwood|VIC|3066
"""


def _customer(number: int, line: str) -> dict[str, Any]:
    name, company, email, city, state, zip_code = line.split("|")
    phone = f"+613555001{number:02d}"
    contact = {"name": name, "company": company, "email": email, "phone": phone}
    return {**contact, "city": city, "state": state, "zip": zip_code, "country": "AU"}


_CUSTOMERS: Final = [_customer(number, line) for number, line in enumerate(_PEOPLE.strip().splitlines(), 1)]

_STORIES: Final = [
    Story(0, "Nadia", "Opening fit-out", {"ESP-2G": 1, "GRD-OD": 2, "WTR-RO": 1, "SRV-INST": 1}, "transferred"),
    Story(2, "Tom", "Second grinder", {"GRD-OD": 1}, "card"),
    Story(4, "Joel", "5 kg roaster", {"ROAST-5": 1, "SRV-INST": 1}, "transferred", ("fixed", 1_200)),
    Story(7, "Mei-Ling", "Lobby bar", {"ESP-3G": 1, "GRD-OD": 2, "SRV-INST": 1, "SRV-CARE": 1}, "transferred"),
    Story(9, "Zoe", "Starter package", {"ESP-1G": 1, "GRD-OD": 1, "ACC-KIT": 1}, "card", ("percentage", 5)),
    Story(12, "Peter", "Mobile catering", {"ESP-2G": 2, "GRD-OD": 2}, "lost", notes="Bought second-hand in the end"),
    Story(15, "Hannah", "Filter cartridges", {"WTR-CART": 6, "CLN-TAB": 4}, "card"),
    Story(18, "Ruth", "Office kitchen", {"ESP-1G": 1, "GRD-OD": 1, "SRV-CARE": 1}, "transferred", contract=True),
    Story(
        21, "Oliver", "New machine, old one traded in", {"ESP-2G": 1, "SRV-INST": 1}, "transferred", ("fixed", 1_500)
    ),
    Story(24, "Grace", "Ward kiosks", {"BREW-2": 3, "GRD-BULK": 1, "SRV-INST": 3}, "transferred", ("percentage", 8)),
    Story(27, "Dawit", "Grinder exchange", {"GRD-OD": 1, "ACC-KIT": 1}, "refunded", notes="Kit came back unopened"),
    Story(31, "Isabel", "Training for the new team", {"SRV-TRAIN": 2}, "card"),
    Story(34, "Marcus", "Three carts", {"ESP-1G": 3, "GRD-OD": 3, "WTR-RO": 3}, "deposit", ("percentage", 6)),
    Story(38, "Francesca", "Counter rebuild", {"ESP-2G": 1, "GRD-OD": 1, "SRV-INST": 1}, "withdrawn"),
    Story(41, "Sam", "Beans and tablets", {"BEAN-IRON": 40, "CLN-TAB": 6}, "card", ("percentage", 10)),
    Story(45, "Amara", "Library café", {"ESP-3G": 1, "GRD-OD": 2, "BREW-2": 1, "SRV-INST": 2}, "deposit"),
    Story(48, "Yuki", "Bulk grinder", {"GRD-BULK": 1}, "declined", notes="Card declined; rings back on Monday"),
    Story(52, "Callum", "General store corner", {"ESP-1G": 1, "GRD-OD": 1, "WTR-RO": 1}, "due"),
    Story(55, "Bronte", "Clubhouse", {"ESP-2G": 1, "GRD-OD": 1, "SRV-INST": 1, "SRV-TRAIN": 1}, "due"),
    Story(58, "Leila", "Brewer for mornings", {"BREW-2": 1, "BEAN-IRON": 12}, "card"),
    Story(62, "Finn", "Public bar and dining room", {"ESP-2G": 2, "GRD-OD": 3, "SRV-INST": 2}, "sent", ("fixed", 900)),
    Story(65, "Angus", "Three shops, one plan", {"SRV-CARE": 3}, "sent"),
    Story(68, "Rajesh", "Platform kiosk", {"ESP-2G": 1, "GRD-OD": 2, "WTR-RO": 1, "SRV-INST": 1}, "sent"),
    Story(72, "Priya", "Replace the two-group", {"ESP-3G": 1, "SRV-INST": 1}, "open", ("percentage", 4)),
    Story(75, "Eleanor", "Studio kitchen", {"ESP-1G": 1, "GRD-OD": 1}, "lost", notes="Went with pods"),
    Story(78, "Oliver", "Second site", {"ESP-2G": 1, "GRD-OD": 2, "WTR-RO": 1, "SRV-INST": 1}, "open"),
    Story(81, "Nadia", "Filter cartridges", {"WTR-CART": 4}, "card"),
    Story(84, "Mei-Ling", "Breakfast room", {"BREW-2": 2, "SRV-INST": 2}, "open"),
    Story(87, "Joel", "Cupping lab", {"GRD-BULK": 1, "ACC-KIT": 2}, "draft"),
    Story(89, "Tom", "Training day", {"SRV-TRAIN": 1}, "draft"),
]

_SAMPLE_STORIES: Final = [
    Story(0, "Nadia", "Opening fit-out", {"ESP-2G": 1, "GRD-OD": 2, "WTR-RO": 1, "SRV-INST": 1}, "transferred"),
    Story(4, "Tom", "Second grinder", {"GRD-OD": 1, "ACC-KIT": 1}, "transferred"),
    Story(
        9,
        "Mei-Ling",
        "Lobby bar",
        {"ESP-2G": 2, "GRD-OD": 2, "SRV-INST": 2, "SRV-CARE": 2},
        "deposit",
        ("percentage", 6),
        contract=True,
    ),
    Story(
        14, "Oliver", "New machine, old one traded in", {"ESP-2G": 1, "SRV-INST": 1}, "transferred", ("fixed", 1_500)
    ),
    Story(20, "Priya", "Filter cartridges", {"WTR-CART": 6, "CLN-TAB": 4}, "due"),
    Story(26, "Tom", "Brewer for the deck", {"BREW-2": 1}, "lost", notes="Bought second-hand in the end"),
    Story(32, "Oliver", "Second site", {"ESP-1G": 1, "GRD-OD": 1}, "sent"),
    Story(40, "Mei-Ling", "Breakfast room", {"BREW-2": 2, "WTR-RO": 1}, "open"),
    Story(47, "Nadia", "Care plan", {"SRV-CARE": 1}, "withdrawn"),
    Story(54, "Priya", "Counter rebuild", {"ESP-1G": 1, "GRD-OD": 1}, "draft"),
]

COMPLETE: Final = Business(92, _CURRENCY, _TAX_RATE, _PRODUCTS, _CUSTOMERS, _STORIES)
"""Three months of the business, card payments included: what ``dealwright seed`` tells."""

_bought: Final = {sku for story in _SAMPLE_STORIES for sku in story.items}
_buyers: Final = {story.buyer for story in _SAMPLE_STORIES}
SAMPLE: Final = Business(
    days=58,
    currency=_CURRENCY,
    tax_rate=_TAX_RATE,
    products=[each for each in _PRODUCTS if each["sku"] in _bought],
    customers=[each for each in _CUSTOMERS if each["name"].split()[0] in _buyers],
    stories=_SAMPLE_STORIES,
)
"""A small part of it, with as many records of each kind as the published API seeds: 5 customers, 10 products, 10 deals
with 22 line items and a contract, in every state that a deal can be in without a card."""
