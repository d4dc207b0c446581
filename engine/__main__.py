"""`python -m promptwire`: the command line.

Python puts the working folder first where it looks for modules when it is started like this. That may be a stranger's folder,
and looking at a pipeline in it must run none of its code, so it is taken away before anything else is imported.
"""

import os
import sys

if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from promptwire.cli import main

main()
