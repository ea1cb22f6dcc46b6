"""Checks defects against installed packages. Reads a JSON list of changes, and prints one JSON line for each.

    check.py [--import] [FOLDER] < changes.json

FOLDER holds the packages; by default they are those of this Python. With --import, each changed module is also imported, in a
process of its own. A line is {"name": …, "wrong": …}, with null for a change that is right.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile

SITECUSTOMIZE = os.environ.get("E2E_SITECUSTOMIZE", "")
imports = "--import" in sys.argv
folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
packages = folders[0] if folders else sysconfig.get_paths()["purelib"]


def source_of(module):
    path = os.path.join(packages, *module.split("."))
    for file in (f"{path}.py", os.path.join(path, "__init__.py")):
        if os.path.isfile(file):
            return file
    return None


def import_changed(change):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "sitecustomize.py"), "w", encoding="utf-8") as file:
            file.write(SITECUSTOMIZE)
        with open(os.path.join(folder, "defects.json"), "w", encoding="utf-8") as file:
            json.dump([change], file)
        ended = subprocess.run(
            [sys.executable, "-c", f"import {change['module']}"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([folder, packages])},
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
        )
        if ended.returncode != 0:
            return f"the changed module cannot be imported: {ended.stderr.strip().splitlines()[-1:]}"
        if f"{change['name']}: planted" not in ended.stderr:
            return "the import did not plant the change"
        return None


def wrong_with(change):
    file = source_of(change["module"])
    if file is None:
        return f"there is no module {change['module']}"
    with open(file, encoding="utf-8") as opened:
        text = opened.read()
    found = text.count(change["replace"])
    if found != change["times"]:
        return f"{change['module']} holds the text {found} times, not {change['times']}"
    try:
        compile(text.replace(change["replace"], change["with"]), file, "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"the changed {change['module']} does not compile: {error}"
    return import_changed(change) if imports else None


for change in json.load(sys.stdin):
    print(json.dumps({"name": change["name"], "wrong": wrong_with(change)}), flush=True)
