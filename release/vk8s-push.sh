#!/usr/bin/env bash
# Pushes the images and charts of a release to a registry: vk8s-push REGISTRY [OPTION OF `skopeo copy`...]
#
#   skopeo login registry.example.com && ./vk8s-push registry.example.com
#
# REGISTRY may have a path, such as registry.example.com/team. Digests stay as they are in images.txt, and what the
# registry has already is not sent again. Needs skopeo, a package of Debian, Ubuntu and Fedora.
set -euo pipefail
usage="usage: vk8s-push REGISTRY [OPTION OF skopeo copy...], with REGISTRY such as registry.example.com/team"

[[ $# -gt 0 && $1 != -* && $1 != *://* ]] || {
  echo "$usage" >&2
  exit 2
}
registry=${1%/}
shift
cd "$(dirname "$0")"

command -v skopeo >/dev/null || {
  echo "skopeo is missing: install the package skopeo." >&2
  exit 1
}

# name, digest and archive of each line that has all three
list_entries() {
  awk '!/^#/ && NF == 3' images.txt
}

# What was copied to another machine may be incomplete: nothing is pushed before all of it was looked at.
check_archives() {
  awk 'FNR == NR { if (!/^#/ && NF == 3) wanted[$3]; next } $2 in wanted || $2 == "images.txt"' images.txt SHA256SUMS |
    sha256sum --check --quiet --strict - >&2
}

push() { # name digest archive [option...]
  echo "Pushing $registry/$1" >&2
  # There is no policy for archives of one's own; check_archives has compared them with what was released.
  skopeo --insecure-policy copy --quiet --all --preserve-digests "${@:4}" "oci-archive:$3" "docker://$registry/$1"
  echo "$registry/$1@$2"
}

say_what_is_left() {
  local image
  awk '!/^#/ && NF == 1' images.txt | while read -r image; do
    echo "Not in this release. Copy it yourself, from a machine with internet:" >&2
    echo "  skopeo copy --all docker://$image docker://$registry/${image#*/}" >&2
  done
}

check_archives
while read -r name digest file; do
  push "$name" "$digest" "$file" "$@" </dev/null
done < <(list_entries)
say_what_is_left
