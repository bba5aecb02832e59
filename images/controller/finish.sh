#!/usr/bin/env bash
# What the Debian layer of the controller's base wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# The authorities that this machine trusts, so that pip reaches from inside what it reaches here.
bundle=/etc/ssl/certs/ca-certificates.crt
[[ ! -e $bundle ]] || cp --dereference "$bundle" "$root$bundle"
