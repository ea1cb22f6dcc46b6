#!/bin/sh
# Runs a Docker engine inside a privileged container. Arguments go to dockerd.
set -eu

# What a killed engine left in a volume would keep the next one from starting.
rm -f /var/run/docker.pid /run/docker/containerd/containerd.pid

# What runs inside sessions lies unpacked in this image (krunner.py). The agent takes a volume of that name for finished.
for runner in /opt/krunner/*; do
  volume=/var/lib/docker/volumes/${runner##*/}
  mkdir -p "$volume/_data"
  # As "docker volume create -o type=none -o o=bind,ro -o device=..." would write it.
  printf '{"MountType":"none","MountOpts":"bind,ro","MountDevice":"%s","Quota":{"Size":0}}' "$runner" > "$volume/opts.json"
done

# cgroup v2: a group with processes of its own cannot hand controllers down, so they move to a child first.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  while read -r pid; do
    echo "$pid" > /sys/fs/cgroup/init/cgroup.procs || true # gone in the meantime, or a kernel thread
  done < /sys/fs/cgroup/cgroup.procs
  sed -e 's/ / +/g' -e 's/^/+/' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi

exec dockerd --exec-opt native.cgroupdriver=cgroupfs "$@"
