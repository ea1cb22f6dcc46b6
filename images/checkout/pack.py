"""Writes a layer of an image to standard output. The tar holds what lay.py changed ($1, its list) and further files ($2, …).

A removed file is a whiteout: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts. Owner and time are the
same each time, so equal sources give an equal layer.
"""

import json
import sys
import tarfile
from pathlib import Path

changes = json.loads(Path(sys.argv[1]).read_text())


def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as layer:
    for file in sorted([*changes["copied"], *sys.argv[2:]]):
        layer.add(file, arcname=file.lstrip("/"), filter=plain)
    for file in map(Path, sorted(changes["removed"])):
        layer.addfile(plain(tarfile.TarInfo(str(file.with_name(f".wh.{file.name}")).lstrip("/"))))
