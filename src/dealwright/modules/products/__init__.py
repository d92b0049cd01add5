"""Products: the catalogue of goods and services that deals, bookings and widgets refer to."""
