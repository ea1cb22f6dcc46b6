#!/bin/sh
# Takes out of a virtual environment what no component loads, and compiles the rest.
set -eu
packages=$(echo "$1"/lib/python3.*/site-packages)

# Nothing is built any more; setuptools was there for one build.
rm -rf "$packages"/setuptools "$packages"/setuptools-*.dist-info \
  "$packages"/pkg_resources "$packages"/_distutils_hack "$packages"/distutils-precedence.pth
find "$packages" -type d \( -path '*/networkx/*/tests' -o -path '*/tornado/test' -o -path '*/telnetlib3/tests' \) \
  -prune -exec rm -rf {} +
# Programs for the other processor architecture, of the environment that runs inside sessions.
other=aarch64
[ "$(uname -m)" = aarch64 ] && other=x86_64
[ ! -d "$packages/ai/backend" ] || find "$packages/ai/backend" -name "*.$other.*" -delete

# Compiled now, because containers run on a read-only root. Otherwise each start would compile some 10,000 modules again.
# With unchecked-hash, Python does not look at the sources, which never change.
"$1/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages" \
  || echo 'some files (templates, code for other Python versions) could not be compiled'
