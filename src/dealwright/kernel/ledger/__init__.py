"""What happened: the hash-chained audit trail and the outbox of events, both written in the change's transaction."""
