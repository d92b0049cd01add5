"""Messages to people by e-mail and SMS: recorded in the transaction that wants them, sent by a worker."""
