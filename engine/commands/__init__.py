"""Commands of the command line, a file a topic, for writing pipelines rather than running them."""
