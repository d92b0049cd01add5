"""What sending a message may come to, whatever carries it."""

from __future__ import annotations


class Refused(Exception):
    """The message will never be accepted: the address does not exist, the content is not wanted. The text is for the
    operator and holds no address.
    """


class NotNow(Exception):
    """The carrier is away, busy or asks to come back; the message may go out later. The text is for the operator."""
