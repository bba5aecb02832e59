#!/usr/bin/env bash
# What the Debian layer of the Kubeflow installer's image wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# It runs as nobody, and nothing in it shall become anybody else.
find "$root" -xdev -type f -perm /6000 -exec chmod ug-s {} +
