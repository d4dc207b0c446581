"""Commands of the command line, by topic; `promptwire.cli` gathers them."""
