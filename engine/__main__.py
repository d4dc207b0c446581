"""`python -m promptwire`: the command line.

Python puts the working folder first where it looks for modules when it is started like this. That may be a stranger's folder,
and looking at a pipeline in it must run none of its code, so it is taken away before anything else is imported. What Python has
looked for until then, `promptwire` itself included, it may have found there: only the command `promptwire` is safe from that.
"""

import os
import sys

try:
    strange = not sys.flags.safe_path and sys.path[0] in ("", os.getcwd())
except (OSError, IndexError):  # a folder that was removed holds nothing
    strange = False
if strange:
    del sys.path[0]

from promptwire.cli.app import main

main()
