#!/usr/bin/env bash
# Builds substitutes for the images that Kubernetes' own tests use, or finds them in the cache, and prints the path of one
# docker archive with all of them: build.sh. Progress goes to stderr.
#
# From the same sources where they are Go, else from Debian; under the names that e2e.test asks for. With
# VK8S_GO_MOD=next.mod they are those of the next minor version of Kubernetes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
images=$(dirname "$here")
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
cd "$images"
binaries=$(bash binaries/build.sh)
programs=$(bash conformance/programs.sh)
mapfile -t own < <(find conformance -type f | sort)
inputs=$({ echo "${binaries##*/} ${programs##*/}" && cat "${own[@]}" archive.py rootfs.sh; } | sha256sum)
archive=$cache/conformance-${inputs:0:16}.tar

put() { # LAYER PATH_IN_IMAGE FILE [MODE]
  install -D -m "${4:-755}" "$3" "$work/$1$2"
}

put_agnhost() {
  put agnhost /agnhost "$programs/agnhost"
  ln -s agnhost "$work/agnhost/agnhost-2"
  put agnhost /coredns "$binaries/coredns"
  put agnhost /localhost.crt "$programs/localhost.crt" 644
  put agnhost /localhost.key "$programs/localhost.key" 644
  mkdir "$work/agnhost/uploads"
  put kitten /kitten.jpg "$programs/kitten/kitten.jpg" 644
  put kitten /data.json "$programs/kitten/data.json" 644
  put nautilus /nautilus.jpg "$programs/nautilus/nautilus.jpg" 644
  put nautilus /data.json "$programs/nautilus/data.json" 644
}

# Without a distribution, as the original: each applet at its place, and in /bin, where specs call it (/bin/sysctl).
put_busybox() {
  local root=$work/busybox applet
  mkdir -p "$work/unpacked" "$root"/{bin,dev,etc,home,lib,proc,root,sbin,sys,usr/bin,usr/sbin,var/spool}
  install -d -m 1777 "$root/tmp"
  tar --extract --file "$debian" --directory "$work/unpacked" --wildcards --no-anchored bin/busybox
  put busybox /bin/busybox "$(find "$work/unpacked" -name busybox -type f -print -quit)"
  "${CC:-gcc}" -static -Os -o "$root/bin/sh" "$here/sh.c"
  for applet in $("$root/bin/busybox" --list-full); do
    [[ -e $root/$applet ]] || ln -s /bin/busybox "$root/$applet"
    [[ -e $root/bin/${applet##*/} || -L $root/bin/${applet##*/} ]] || ln -s /bin/busybox "$root/bin/${applet##*/}"
  done
  printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/home:/bin/false >"$root/etc/passwd"
  printf '%s\n' root:x:0: nobody:x:65534: >"$root/etc/group"
  echo "hosts: files dns" >"$root/etc/nsswitch.conf"
}

put_web_servers() {
  local apache=/usr/local/apache2
  put httpd /usr/local/bin/httpd-foreground conformance/files/httpd-foreground.sh
  put httpd "$apache/httpd.conf" conformance/files/httpd.conf 644
  mkdir "$work/httpd$apache"/{htdocs,logs}
  echo "<html><body><h1>It works!</h1></body></html>" >"$work/httpd$apache/htdocs/index.html"
  put nginx /etc/nginx/nginx.conf conformance/files/nginx.conf 644
  mkdir -p "$work/nginx/usr/share/nginx/html"
  echo "<h1>Welcome to nginx!</h1>" >"$work/nginx/usr/share/nginx/html/index.html"
}

put_programs() {
  put etcd /usr/local/bin/etcd "$binaries/etcd"
  put nonewprivs /usr/local/bin/nnp "$programs/nonewprivs" 6755
  put regression-issue-74839 /regression-issue-74839 "$programs/regression-issue-74839"
  put resource-consumer /consumer "$programs/resource-consumer"
  put resource-consumer /consume-cpu "$programs/consume-cpu"
  put sample-apiserver /sample-apiserver "$programs/sample-apiserver"
  install -d -m 1777 "$work/sample-apiserver/tmp"
}

build_images() {
  command -v "${CC:-gcc}" >/dev/null || apt-get install -y --no-install-recommends gcc libc6-dev >&2
  mkdir -p "$cache"
  debian=$(bash rootfs.sh conformance)
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  put_agnhost
  put_busybox
  put_web_servers
  put_programs
  rm -rf "$work/unpacked"
  local layer
  for layer in "$work"/*/; do
    tar --create --file "${layer%/}.tar" --directory "$layer" --numeric-owner --owner=0 --group=0 --sort=name .
  done
  ln -s "$debian" "$work/debian.tar"
  echo "Writing $archive:" >&2
  "$programs/e2e.test" --list-images >"$work/references"
  PYTHONPATH=. python3 conformance/substitutes.py "$archive" "$work/references" "$work" >&2
}

[[ -e $archive ]] || build_images
echo "$archive"
