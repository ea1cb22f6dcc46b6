#!/bin/bash
# Collects a root file system with one program and what it needs: collect.sh <program> <folder>.
set -euo pipefail
program=$1
root=$2

mkdir -p "$root"/{etc/ssl/certs,usr/bin,usr/lib,usr/local/bin,var/lib/dpkg/status.d} /compile-cache
# As Debian has it: the folders of programs and libraries are below /usr.
ln -s usr/bin "$root/bin"
ln -s usr/lib "$root/lib"
[ ! -L /lib64 ] || { mkdir "$root/usr/lib64" && ln -s usr/lib64 "$root/lib64"; }
mkdir -m 1777 "$root/tmp"

strip -o "$root/usr/local/bin/$(basename "$program")" "$program"

# The shared libraries, from where the linker looks for them. Scanners read in status.d which packages they are from.
ldd "$program" | grep -o '/[^ ]*' | sort -u | while read -r library; do
  real=$(realpath "$library")
  mkdir -p "$root/$(dirname "$real")"
  cp "$real" "$root/$real"
  link=$root/$(realpath "$(dirname "$library")")/$(basename "$library")
  mkdir -p "$(dirname "$link")"
  [ -e "$link" ] || ln -s "$real" "$link"
  dpkg --search "$real" | cut -d: -f1
done | sort -u | while read -r package; do
  dpkg-query --status "$package" > "$root/var/lib/dpkg/status.d/$package"
done

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp --dereference /etc/os-release "$root/etc/"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
printf '%s\n' 'root:x:0:0::/nonexistent:/sbin/nologin' 'nonroot:x:65532:65532::/nonexistent:/sbin/nologin' > "$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nonroot:x:65532:' > "$root/etc/group"
