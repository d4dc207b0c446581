"""Every call of a model: one door, one cache, one budget, one record."""
