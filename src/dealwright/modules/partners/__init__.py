"""Several parties to one deal: participants who share its revenue, and the settlements that pay them out."""
