"""Diagrams of pipelines: Graphviz, Mermaid, plain text."""
