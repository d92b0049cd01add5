"""Webhooks: endpoints that subscribe to events, and the deliveries that bring the events to them."""
