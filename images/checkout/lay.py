"""Lays the sources of a checkout ($1, its src/ai/backend) over installed packages ($2).

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
copied = removed = 0


def is_package(folder: Path) -> bool:
    return any(folder.rglob("*.py"))


for component in sorted(folder for folder in sources.iterdir() if folder.is_dir() and is_package(folder)):
    there = installed / component.name
    for old in there.rglob("*.py"):
        if not (component / old.relative_to(there)).exists():
            old.unlink()
            for cached in (old.parent / "__pycache__").glob(f"{old.stem}.*.pyc"):
                cached.unlink()
            removed += 1

for file in sorted(sources.rglob("*")):
    target = installed / file.relative_to(sources)
    if not file.is_file() or (target.is_file() and filecmp.cmp(file, target, shallow=False)):
        continue
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    copied += 1
    if target.suffix == ".py":
        try:
            # As the packages are compiled: Python does not look at the sources when a component starts.
            py_compile.compile(str(target), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        except py_compile.PyCompileError as error:
            sys.exit(f"{file.relative_to(sources)} cannot be compiled: {error.msg.strip().splitlines()[-1]}")

print(f"laid over the packages: {copied} files copied, {removed} modules removed")
