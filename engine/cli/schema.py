"""`schema`: print the JSON Schema of pipeline files."""

from __future__ import annotations

import sys

from promptwire.cli.arguments import Plugins

__all__ = ["schema"]


def schema(plugins: Plugins = None) -> None:
    """Print the JSON Schema of pipeline files. Editors use it for completion, descriptions and errors."""
    from promptwire.reference.json_schema import schema_text

    sys.stdout.write(schema_text())
