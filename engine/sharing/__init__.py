"""A run as one file, made on one machine and made again on another."""
