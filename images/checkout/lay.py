"""Lays the sources of a checkout ($1, its src/ai/backend) over installed packages ($2).

A kept cluster gets the same as one layer, without a build: cli/images/checkout/lay-over.ts.

Modules of a component that the checkout no longer has are removed. Otherwise, removed migrations would still run. Other files stay
where the checkout lacks them, because a build makes them (web UI, helper programs). Only what differs is copied
and compiled, which keeps an edit cheap.
"""

import filecmp
import py_compile
import shutil
import sys
from pathlib import Path

sources, installed = Path(sys.argv[1]), Path(sys.argv[2])
copied: list[str] = []
removed: list[str] = []


def is_package(folder: Path) -> bool:
    return any(folder.rglob("*.py"))


for component in sorted(folder for folder in sources.iterdir() if folder.is_dir() and is_package(folder)):
    there = installed / component.name
    for old in there.rglob("*.py"):
        if not (component / old.relative_to(there)).exists():
            for gone in [old, *(old.parent / "__pycache__").glob(f"{old.stem}.*.pyc")]:
                gone.unlink()
                removed.append(str(gone))

for file in sorted(sources.rglob("*")):
    target = installed / file.relative_to(sources)
    if not file.is_file() or (target.is_file() and filecmp.cmp(file, target, shallow=False)):
        continue
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    copied.append(str(target))
    if target.suffix == ".py":
        try:
            # As the packages are compiled: Python does not look at the sources when a component starts.
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            copied.append(str(py_compile.compile(str(target), doraise=True, invalidation_mode=mode)))
        except py_compile.PyCompileError as error:
            sys.exit(f"{file.relative_to(sources)} cannot be compiled: {error.msg.strip().splitlines()[-1]}")

print(f"laid over the packages: {len(copied)} files written, {len(removed)} removed", file=sys.stderr)
