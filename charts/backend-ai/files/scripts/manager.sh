#!/bin/sh
# Starts the manager, with start.py and these arguments for it. It insists on a key pair for calls to agents. The agents of
# this chart do not encrypt, so each manager makes a pair for itself.
set -eu
python -c 'import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], "manager")' /etc/backend.ai
exec python /scripts/start.py "$@"
