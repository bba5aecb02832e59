#!/usr/bin/env bash
# Installs what a guest needs beyond the testbed's own (testbed/install.sh) and this machine lacks. Debian, as root.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

# command:package; a package is installed only where its command is missing.
needed=(qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs debugfs:e2fsprogs)
missing=()
for pair in "${needed[@]}"; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0
command -v apt-get >/dev/null || {
  echo "Missing, and there is no apt-get to install it with: ${missing[*]}" >&2
  exit 1
}
echo "Debian packages: installing ${missing[*]}"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
