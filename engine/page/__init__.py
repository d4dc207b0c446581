"""A run as one HTML file, its charts as pictures, and the parts of a page that a comparison shares.

It reads a run folder only through `promptwire.results.run`.
"""
