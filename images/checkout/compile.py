"""Compiles sources of a checkout ($1) as they would lie in the packages ($2), into a folder ($3).

It compiles as the packages are: Python does not look at the sources when a component starts. Files that say a version are laid
over the packages, because record.py reads them there.
"""

import py_compile
import shutil
import sys
from pathlib import Path

sources, installed, compiled = map(Path, sys.argv[1:4])

for file in sorted(path for path in sources.rglob("*") if path.is_file()):
    name = file.relative_to(sources)
    if file.suffix != ".py":
        shutil.copyfile(file, installed / name)
        continue
    target = compiled / name.with_suffix(".pyc")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        py_compile.compile(
            str(file),
            cfile=str(target),
            dfile=str(installed / name),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except py_compile.PyCompileError as error:
        sys.exit(f"{name} cannot be compiled: {error.msg.strip().splitlines()[-1]}")
