#!/bin/sh
# Makes /data ready for user 1000. Folders of a node outlive a namespace. What another installation left has other passwords
# and other rows, so it is deleted.
#   INSTALLATION_ID  made once for each installation
set -eu
if [ "$(cat /data/.installation 2>/dev/null)" != "$INSTALLATION_ID" ]; then
  find /data -mindepth 1 -delete
  printf '%s' "$INSTALLATION_ID" > /data/.installation
fi
chown 1000:1000 /data
chmod 0750 /data
