"""The pages. Each module declares its own with ``@page`` and ``@action``; it must be named here to be served."""

from dealwright.surfaces.desk.views import (
    account,
    appearance,
    customers,
    deal,
    deals,
    finding,
    home,
    new_deal,
    payments,
    products,
)

ALL = (home, deals, new_deal, deal, customers, products, payments, finding, appearance, account)
