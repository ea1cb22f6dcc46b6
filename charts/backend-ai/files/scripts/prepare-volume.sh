#!/bin/sh
# Makes the vfolder volume below /data. The file version.txt names its layout of folders. Without it, the storage-proxy
# assumes an old layout.
set -eu
mkdir -p /data/volume1
[ -e /data/volume1/version.txt ] || echo 3 > /data/volume1/version.txt
chown 1000:1000 /data/volume1 /data/volume1/version.txt
# Agents (as root) and kernels (as 1000) walk through it.
chmod 0755 /data
