"""Pipelines and runs as networkx graphs: steps and wires, what depends on a step, calls in a chain, lineage of prompts."""
