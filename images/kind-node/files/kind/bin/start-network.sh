#!/bin/bash
# The network between the nodes of the host cluster; this node's address may be another after a restart.
set -euo pipefail
POD_IP=$(getent ahostsv4 "$NODE_NAME" | awk '{ print $1; exit }')
export POD_IP
mkdir -p /run/flannel
exec /usr/local/bin/flanneld
