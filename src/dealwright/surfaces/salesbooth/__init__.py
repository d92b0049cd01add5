"""The Salesbooth API: envelope, errors, headers, query-style and REST-style routes."""
