"""Ways to send SMS: Twilio, or a folder that the operator reads."""
