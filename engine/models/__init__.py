"""Backends: one model behind one door each, all answering the protocol in `promptwire.request`."""
