"""`python -m promptwire`: the command line."""

from promptwire.cli import main

main()
