"""The pipeline language: from YAML files to a checked graph."""
