"""The documentation as Sphinx builds it. Pages that are made from code are written first; see `made_pages`.

Nothing on the site asks another server.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

from made_pages import made_pages, write

project = "promptwire"
author = "The promptwire authors"
extensions = ["myst_parser", "sphinx_copybutton"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "promptwire"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = html_show_copyright = False
pygments_style = "friendly"
copybutton_prompt_text = "$ "  # a command is copied without its prompt and without what it prints
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"
suppress_warnings = ["misc.highlighting_failure"]  # a template is Jinja inside of what YAML or text it likes


def make(sphinx: Sphinx) -> None:
    """Write the pages that are made from code."""
    write(made_pages(), ("nodes",))


def prepare(sphinx: Sphinx, page: str, source: list[str]) -> None:
    """Show the title of a code block above it."""
    source[0] = re.sub(r'^```(\w+) title="([^"]+)"$', r"```{code-block} \1\n:caption: \2\n", source[0], flags=re.MULTILINE)


def setup(sphinx: Sphinx) -> None:
    """What Sphinx calls."""
    sphinx.connect("builder-inited", make)
    sphinx.connect("source-read", prepare)
