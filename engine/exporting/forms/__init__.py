"""Forms of an export, one module each."""
