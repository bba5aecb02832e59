#!/usr/bin/env bash
# Installs what the testbed and the image builds need and this machine does not have. Debian or a derivative, as root.
set -euo pipefail

# command:package, those of the arguments too; a package is installed only where its command is missing.
needed=(
  containerd:containerd ctr:containerd runc:runc nft:nftables conntrack:conntrack ip:iproute2 nsenter:util-linux
  curl:curl ssh:openssh-client debootstrap:debootstrap gcc:gcc shellcheck:shellcheck dockerd:docker.io openssl:openssl jq:jq
  "$@"
)
export PATH=$PATH:/usr/sbin:/sbin

[[ $(id -u) -eq 0 ]] || {
  echo "The testbed makes namespaces, cgroups and mounts: run this as root." >&2
  exit 1
}
command -v go >/dev/null || {
  echo "Go is missing: install Go 1.25 or newer (https://go.dev/doc/install). Kubernetes is built from its Go modules." >&2
  exit 1
}
missing=()
for pair in "${needed[@]}"; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
# These are not commands: the C library's headers, and plugins that are not called by name.
[[ -e /usr/include/stdlib.h ]] || missing+=(libc6-dev)
[[ -x /usr/lib/cni/ptp ]] || missing+=(containernetworking-plugins)
[[ ${#missing[@]} -gt 0 ]] || exit 0
command -v apt-get >/dev/null || {
  echo "Missing, and there is no apt-get to install it with: ${missing[*]}" >&2
  exit 1
}
# To standard error, as what `make node-image` and others print is a path.
echo "Debian packages: installing ${missing[*]}" >&2
apt-get -qq update >&2
# Nothing that is installed here is to run as a service: the testbed starts its own.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
  trap 'rm -f $policy' EXIT
fi
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
