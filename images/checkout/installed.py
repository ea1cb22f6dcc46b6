"""Prints what packages ($1) hold, as JSON: the hashes of each file by its path.

Packages lose the mode that a checkout has. So each file has two hashes, as an ordinary and as an executable one. They are those
of cli/images/content-key.ts.
"""

import hashlib
import json
import sys
from pathlib import Path

root = Path(sys.argv[1])


def hashes(file: Path) -> list[str]:
    content = file.read_bytes()
    return [hashlib.sha256(mode + b"\0" + content).hexdigest() for mode in (b"file", b"executable")]


json.dump({str(file.relative_to(root)): hashes(file) for file in sorted(root.rglob("*")) if file.is_file()}, sys.stdout)
