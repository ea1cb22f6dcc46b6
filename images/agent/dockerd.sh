#!/bin/sh
# Runs a Docker engine inside a privileged container. Arguments go to dockerd.
set -eu

# What a killed engine left in a volume would keep the next one from starting.
rm -f /var/run/docker.pid /run/docker/containerd/containerd.pid

# cgroup v2: a group with processes of its own cannot hand controllers down, so they move to a child first.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  while read -r pid; do
    echo "$pid" > /sys/fs/cgroup/init/cgroup.procs || true # gone in the meantime, or a kernel thread
  done < /sys/fs/cgroup/cgroup.procs
  sed -e 's/ / +/g' -e 's/^/+/' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi

exec dockerd --exec-opt native.cgroupdriver=cgroupfs "$@"
