"""What language models see of the registry: tool definitions."""
