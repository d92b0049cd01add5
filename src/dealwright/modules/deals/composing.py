"""Line items for deals that are made whole: from what a caller lists, or from a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound
from dealwright.modules.deals import service
from dealwright.modules.products import records as products


async def items_for(
    ctx: Context, deal: UUID, wanted: Sequence[Mapping[str, Any]], currency: str
) -> list[dict[str, Any]]:
    """The columns of line items (``product_id``, ``quantity`` and whatever :func:`service.new_item` takes besides).

    All products are loaded in one statement. Raises NotFound for one that does not exist or is archived.
    """
    keys = [products.resource.key(each["product_id"]) for each in wanted]
    found = await products.by_ids(ctx, keys)
    items = []
    for key, each in zip(keys, wanted, strict=True):
        product = found.get(key)
        if product is None or product["deleted_at"] is not None:
            raise NotFound(f"There is no product {each['product_id']}")
        details = {name: value for name, value in each.items() if name != "product_id"}
        items.append(service.new_item(ctx, deal, product, currency, **details))
    return items
