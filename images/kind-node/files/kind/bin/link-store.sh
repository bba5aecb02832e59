#!/bin/bash
# Puts the images of the store that is mounted into this node into containerd's, before it starts: as virtual nodes do.
set -euo pipefail
# shellcheck source=hooks/vk8s/bootstrap/sentences.sh
. /kind/bootstrap/sentences.sh
# shellcheck source=hooks/vk8s/bootstrap/image-store.sh
. /kind/bootstrap/image-store.sh

# The store is on the machine's disk, not on that of the node, so that nothing is stacked here.
can_link_store() { true; }

mkdir -p $STORE
[[ ! -e $SOURCE/id ]] || prepare_image_store
