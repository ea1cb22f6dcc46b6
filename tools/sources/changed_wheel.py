"""Downloads the wheel of a package, and changes one of its modules. Standard output is a tar with the wheel.

    changed_wheel.py PACKAGE VERSION < change.json

The change is {"file": …, "replace": …, "with": …, "times": …}, with the file relative to the root of the wheel.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

package, version = sys.argv[1:]
change = json.load(sys.stdin)
folder = Path(tempfile.mkdtemp())
pip = ["pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
subprocess.run([*pip, f"--dest={folder}", f"{package}=={version}"], check=True, stdout=sys.stderr)
(wheel,) = folder.glob("*.whl")
made = folder / "made" / wheel.name
made.parent.mkdir()


def recorded(line: str, content: bytes) -> str:
    """The line of RECORD for the changed file: https://packaging.python.org/en/latest/specifications/recording-installed-packages/"""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{change['file']},sha256={digest},{len(content)}" if line.startswith(f"{change['file']},") else line


with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
    text = old.read(change["file"]).decode()
    if text.count(change["replace"]) != change["times"]:
        sys.exit(f"{change['file']} holds the text {text.count(change['replace'])} times, not {change['times']} times")
    content = text.replace(change["replace"], change["with"]).encode()
    for entry in old.infolist():
        data = content if entry.filename == change["file"] else old.read(entry)
        if entry.filename.endswith(".dist-info/RECORD"):
            data = "\n".join(recorded(line, content) for line in data.decode().splitlines()).encode() + b"\n"
        new.writestr(entry, data)

with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
    tar.add(made, arcname=wheel.name)
