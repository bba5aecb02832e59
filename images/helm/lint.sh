#!/usr/bin/env bash
# Lints both charts with Helm 3 and Helm 4, which are built first if they are not in the cache. Prints what they found,
# and nothing where that is nothing: each Helm names the symbolic links of the charts.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(images/helm/build.sh)

lint() { # CHART [OPTIONS OF helm lint]
  local program said
  for program in helm3 helm4; do
    said=$("$programs/$program" lint --strict --quiet "$@" 2>&1) || { echo "$said" >&2 && exit 1; }
  done
}

lint charts/vk8s --set image.registry=registry.example.com
lint charts/vk8s-crds
