# This file must parse in every Python version, to report one that is too old.
import json
import os
import sys

if sys.version_info < (3, 7):  # noqa: UP036
    with open(sys.argv[2], "w") as out:  # noqa: PTH123
        found = sys.version.split()[0]
        failure = {
            "error": "version",
            "exception": None,
            "message": "this interpreter is Python " + found + "; the probe wants 3.7 or later",
            "hint": "name an interpreter of Python 3.7 or later that has the framework",
        }
        out.write(json.dumps(failure) + "\n")
    sys.exit(1)

import importlib
import types

here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
package = types.ModuleType("cocosurgeon_probe")
package.__path__ = [os.path.dirname(here)]  # noqa: PTH120
sys.modules["cocosurgeon_probe"] = package
# The framework must not import modules of this folder, but may import those of the user.
sys.path[:1] = []
sys.path.append(os.getcwd())  # noqa: PTH109
sys.dont_write_bytecode, written = True, sys.dont_write_bytecode
main = importlib.import_module("cocosurgeon_probe.script.main")
sys.dont_write_bytecode = written
code = main.main(sys.argv[1], sys.argv[2])
sys.stdout.flush()
sys.stderr.flush()
# The dump is complete: skip the cleanup of libraries, in which some crash.
os._exit(code)
