"""PostgreSQL: table helpers, statements compiled once, transactions, migrations, the embedded server."""
