"""The pages. Each module declares its own with ``@page`` and ``@action``; it must be named here to be served."""

from dealwright.surfaces.desk.views import (
    account,
    appearance,
    contracts,
    customers,
    deal,
    deal_parties,
    deals,
    developers,
    finding,
    home,
    keys,
    new_deal,
    notifications,
    payments,
    products,
    profile,
    settings,
    shop_billing,
    shop_calendar,
    shop_owners,
    team,
    templates,
    test_mode,
    webhooks,
)

ALL = (
    *(home, deals, new_deal, deal, deal_parties, customers, products, payments, finding, appearance, account),
    *(contracts, templates),
    *(shop_calendar, shop_billing, shop_owners),
    *(developers, keys, webhooks, settings, team, notifications, test_mode, profile),
)
