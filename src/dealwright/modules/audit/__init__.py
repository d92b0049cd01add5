"""The audit trail as callers read, verify and export it."""
