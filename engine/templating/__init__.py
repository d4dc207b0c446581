"""Templates: sandboxed rendering, render limits, and parsing of replies."""
