"""The schema's history. Files run in the order of their numbers; a released file never changes."""
