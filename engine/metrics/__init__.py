"""Metrics: how an answer is compared with the accepted outputs."""
