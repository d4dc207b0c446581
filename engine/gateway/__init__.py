"""Gateway to the backends: cache look-up, approval, budget, retries, rate limits, usage and trace of every call."""
