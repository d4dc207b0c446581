"""promptwire: automatic prompt optimization as graphs you can read."""
