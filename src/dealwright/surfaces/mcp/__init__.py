"""The Model Context Protocol, from the same registry as everything else (Salesbooth API, MCP)."""
