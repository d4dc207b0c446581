"""Model backends: one class per route, all behind the protocol in `promptwire.backend`."""
