"""`python -m promptwire`: the command line.

Started like this, Python puts the working folder first on the module path. That folder may be untrusted, and reading a pipeline
in it must not run its code. It is therefore removed from the path before any other import. Python may already have imported
modules from it, `promptwire` itself included; only the command `promptwire` is safe against that.
"""

import os
import sys

try:
    unsafe = not sys.flags.safe_path and sys.path[0] in ("", os.getcwd())
except (OSError, IndexError):  # a deleted working folder holds no modules
    unsafe = False
if unsafe:
    del sys.path[0]

from promptwire.cli.app import main

main()
