"""Unpacks the environment that runs inside sessions, once for all agents: krunner.py FOLDER

Backend.AI's packages bring it packed, for each libc. An agent that finds no volume of a certain name fills one from the
archive (ai.backend.agent.docker.kernel, prepare_krunner_env_impl). That takes three CPU seconds and 6,000 files. Here, each
becomes a folder of FOLDER with the name of that volume. dockerd.sh makes volumes of them.
"""

import platform
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

arch = platform.machine()
packages = [Path(str(folder)) for folder in files("ai.backend.krunner").iterdir() if folder.is_dir()]
for version in sorted(file for package in packages for file in package.glob("krunner-version.*.txt")):
    distro = version.name.removeprefix("krunner-version.").removesuffix(".txt")
    archive = version.with_name(f"krunner-env.{distro}.{arch}.tar.xz")
    if not archive.exists():
        continue
    number = version.read_text().strip()
    volume = Path(sys.argv[1]) / f"backendai-krunner.v{number}.{arch}.{distro}"
    volume.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--xz", "--file", archive, "--directory", volume], check=True)
    # As krunner-extractor.sh does.
    (volume / "VERSION").write_text(f"{number}\n")
