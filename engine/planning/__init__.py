"""Planning: bounds of calls and cost before a run."""
