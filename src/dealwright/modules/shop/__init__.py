"""An auto shop: vehicles, appointments in bays, quotes, invoices and the payments on them (SalesThumb REST API)."""
