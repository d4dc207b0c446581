"""Bundles: a run as one file, to replay on another machine."""
