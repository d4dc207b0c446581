"""The pipeline language: from a resolved YAML file to a checked graph."""
