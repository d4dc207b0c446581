"""Gateway to the backends: cache, approval, budget, retries, rate limits, usage and trace."""
