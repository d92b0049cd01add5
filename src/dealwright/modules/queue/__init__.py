"""Queue: the background jobs of a workspace, for those who watch over them."""
