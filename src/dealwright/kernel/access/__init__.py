"""Who may call: workspaces, API keys, scopes, rate limits, idempotency."""
