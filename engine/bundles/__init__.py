"""Bundles: a run as one file, written on one machine and replayed on another."""
