#!/usr/bin/env bash
# Runs a build for an architecture, and prints what it prints: build-for.sh ARCHITECTURE [SCRIPT [ARGUMENT...]], with
# amd64 or arm64, and a script next to this one, such as kink/build.sh. Without a script it only makes this machine ready.
#
# A build knows nothing of architectures. For another one than that of this machine it runs with a cache of its own, and
# among tools that build for that one: Go by GOARCH, C by Debian's cross compiler, and Debian's packages by debootstrap.
# What it starts of them, the kernel runs in QEMU: that is an order of magnitude slower. So it needs Debian, and a kernel
# with binfmt_misc. GOARCH, in the words of Go, Debian and OCI, is set only then.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
usage="usage: build-for.sh amd64|arm64 [SCRIPT [ARGUMENT...]]"

refuse() { # sentence
  echo "$1" >&2
  exit 2
}

case ${1-} in
amd64) gnu=x86-64-linux-gnu processor=x86_64 elf='\x3e' ;;
arm64) gnu=aarch64-linux-gnu processor=aarch64 elf='\xb7' ;;
*) refuse "$usage" ;;
esac
architecture=$1
emulator=qemu-$processor-static
export PATH=$PATH:/usr/sbin:/sbin

install_tools() {
  local missing=() pair
  for pair in "${gnu/x86-64/x86_64}-gcc:gcc-$gnu libc6-dev-$architecture-cross" "$emulator:qemu-user-static" debootstrap:debootstrap; do
    # shellcheck disable=SC2206 # several packages
    command -v "${pair%%:*}" >/dev/null || missing+=(${pair#*:})
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null ||
    refuse "Builds for $architecture need ${missing[*]}, and there is no apt-get to install them with: build on Debian, or for this machine's own architecture alone."
  echo "Installing ${missing[*]}, which builds for $architecture need." >&2
  apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
}

# Has the kernel start QEMU for programs of that architecture, in whatever root directory they are, until it is shut
# down. Debian's own package does the same where systemd runs.
register_emulator() {
  local formats=/proc/sys/fs/binfmt_misc magic mask
  [[ -e $formats/register ]] || mount -t binfmt_misc binfmt_misc "$formats" 2>/dev/null ||
    refuse "This kernel can't start programs for $architecture (binfmt_misc is missing, or mounting is not allowed): run \`modprobe binfmt_misc\` on the host, or build for this machine's own architecture alone."
  [[ ! -e $formats/qemu-$processor ]] || return 0
  # The head of an ELF program of 64 bits, little endian, of any ABI, executable or shared, for that processor.
  magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00'$elf'\x00'
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  # F: QEMU is opened now, so that it is found from root directories that have none.
  { echo -n ":qemu-$processor:M::$magic:$mask:$(command -v "$emulator"):F" >"$formats/register"; } 2>/dev/null ||
    refuse "This kernel can't start programs for $architecture ($formats/register can't be written): build on the host itself or in a privileged container, or for this machine's own architecture alone."
}

choose_tools() {
  export GOARCH=$architecture CC=${gnu/x86-64/x86_64}-gcc
  export VK8S_CACHE=${VK8S_CACHE:-$HOME/.cache/vk8s}/$architecture
  export PATH=$here/foreign:$PATH
}

if [[ $architecture != "$(go env GOHOSTARCH)" ]]; then
  install_tools
  register_emulator
  choose_tools
fi
[[ $# -eq 1 ]] || exec bash "$here/$2" "${@:3}"
