#!/usr/bin/env bash
# What the Debian layer of these images wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# A user of the image agnhost, and a group that it is in: specs of supplemental groups look for both.
chroot "$root" useradd --uid 1000 --no-create-home --shell /bin/sh user-defined-in-image
chroot "$root" groupadd --gid 50000 group-defined-in-image
chroot "$root" usermod --append --groups group-defined-in-image user-defined-in-image

# Alpine's commands are those of busybox: here, what Debian has none for.
for applet in $(chroot "$root" busybox --list); do
  # shellcheck disable=SC2016 # the dollar is the inner shell's
  chroot "$root" sh -c 'command -v "$1" >/dev/null' sh "$applet" || ln -s /bin/busybox "$root/usr/local/bin/$applet"
done
# Debian's asks for a database of services, and a static busybox that loads it ends with SIGSEGV.
sed -i 's/ db / /; s/^\(services\|protocols\|ethers\|rpc\):.*/\1: files/' "$root/etc/nsswitch.conf"
# As busybox does it: one attempt.
echo "tries = 1" >>"$root/etc/wgetrc"
