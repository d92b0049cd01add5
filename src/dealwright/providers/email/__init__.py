"""Ways to send e-mail: an SMTP server, or a folder that the operator reads."""
