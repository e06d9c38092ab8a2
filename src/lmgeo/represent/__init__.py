"""A model and texts → states of its hidden states, in one pass."""
