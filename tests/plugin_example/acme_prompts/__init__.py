"""What ACME adds to promptwire: every node and metric in this package is found by its decorator."""
