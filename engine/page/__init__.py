"""A run as one HTML file, and its charts as pictures. It reads the run folder only through `promptwire.results.run`."""
