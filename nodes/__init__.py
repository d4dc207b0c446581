"""The node types: one file a node, found by file name."""
