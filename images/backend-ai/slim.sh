#!/bin/sh
# Removes from the folder $1 with packages of Backend.AI what no component loads. Compiles the rest with the Python $2.
set -eu

# Source maps of the web user interface.
find "$1/ai/backend/web/static" -name '*.map' -delete
# Helper images and programs for the other processor architecture.
other=aarch64
[ "$(uname -m)" = aarch64 ] && other=x86_64
find "$1/ai/backend" -name "*.$other.*" -delete
rm -f "$1/.lock"

# See images/backend-ai-dependencies/slim.sh.
"$2" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$1" -p /opt/bai/lib/python3.13/site-packages "$1" \
  || echo 'some files (templates) could not be compiled'
