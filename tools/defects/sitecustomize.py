"""Changes the text of named Python modules while they are imported.

Python imports this file at its start when its folder is on PYTHONPATH. The file defects.json beside it lists the changes:
[{"name", "module", "replace", "with", "times"}]. A module that does not hold the text exactly so often ends the process. A defect
that is not planted must not pass for one that no suite noticed.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys

# No Python program and no shell uses this exit code.
NOT_PLANTED = 86

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "defects.json"), encoding="utf-8") as file:
    CHANGES = {}
    for change in json.load(file):
        CHANGES.setdefault(change["module"], []).append(change)


def say(line):
    print(f"e2e-defect: {line}", file=sys.stderr, flush=True)


def give_up(line):
    say(line)
    os._exit(NOT_PLANTED)


class ChangingLoader(importlib.machinery.SourceFileLoader):
    """Compiles the changed text. Never reads or writes bytecode."""

    def get_code(self, fullname):
        text = self.get_data(self.path).decode("utf-8")
        for change in CHANGES[fullname]:
            found = text.count(change["replace"])
            if found != change["times"]:
                give_up(f'{change["name"]}: {fullname} holds the text {found} times, not {change["times"]}')
            text = text.replace(change["replace"], change["with"])
        try:
            code = compile(text, self.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            give_up(f'{CHANGES[fullname][0]["name"]}: the changed {fullname} does not compile: {error}')
        for change in CHANGES[fullname]:
            say(f'{change["name"]}: planted in {fullname}')
        return code


class ChangingFinder(importlib.abc.MetaPathFinder):
    """Answers for the modules to change, and for no other."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            give_up(f'{CHANGES[fullname][0]["name"]}: there is no source of {fullname}')
        spec.loader = ChangingLoader(fullname, spec.origin)
        spec.cached = None
        return spec


sys.meta_path.insert(0, ChangingFinder())
