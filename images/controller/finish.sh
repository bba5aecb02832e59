#!/usr/bin/env bash
# What the Debian layer of the controller's base wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

rm -rf "$root/usr/share/bash-completion" # nobody lives in it
