"""What the surfaces say about their operations: JSON schemas, examples, spellings, the parts of an OpenAPI document."""
