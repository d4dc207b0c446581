"""The only module that imports networkx, which takes longer to import than the rest of `promptwire check`.

Modules that need it are imported inside functions.
"""

from __future__ import annotations

import networkx as networkx

__all__ = ["networkx"]
