#!/usr/bin/env bash
# Builds `kubectl vk8s` for those who install it, or finds it in the cache, and prints the directory: build.sh
#
#   kubectl-vk8s             the program in one file, for any machine with Python 3.11 or newer
#   kubectl_complete-vk8s    the same by the name with which kubectl completes its words
#   vk8s-*.whl               for pip, pipx and uv
#   kubectl-vk8s.tar.gz      program and licence, and vk8s.yaml, which describes them to krew
#   SHA256SUMS
#
# Needs Python with pip, which fetches what requirements-cli.txt names. Progress goes to stderr.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
homepage=${VK8S_HOMEPAGE:-https://example.com/vk8s-metacontroller}

list_inputs() {
  find -L kubectl_vk8s -type f -not -path '*/__pycache__/*'
  printf '%s\n' requirements-cli.txt LICENSE images/cli/*
}

copy_package() { # DIRECTORY
  cp -rL kubectl_vk8s "$1/" # host.sh is a link to the one of the hooks
  find "$1" -name __pycache__ -prune -exec rm -rf {} +
}

# Zip keeps the times of files: with one time for all, the same sources give the same bytes.
build_zipapp() { # OUT
  local tree=$work/zipapp
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target "$tree" -r requirements-cli.txt >&2
  rm -rf "${tree:?}/bin"
  copy_package "$tree"
  printf 'import sys\n\nfrom kubectl_vk8s.__main__ import main\n\nsys.exit(main())\n' >"$tree/__main__.py"
  find "$tree" -exec touch --date=2000-01-01T00:00:00Z {} +
  TZ=UTC python3 -m zipapp --compress --python '/usr/bin/env python3' --output "$1" "$tree"
  chmod 755 "$1"
}

build_wheel() { # OUT-DIRECTORY
  local tree=$work/wheel
  mkdir -p "$tree"
  copy_package "$tree"
  cp LICENSE "$tree/"
  sed "s|@VERSION@|$version|" images/cli/wheel.toml >"$tree/pyproject.toml"
  python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$1" "$tree" >&2
}

describe_to_krew() { # DIRECTORY
  local sum
  cp LICENSE "$1/"
  tar --create --gzip --file "$1/kubectl-vk8s.tar.gz" --directory "$1" --sort=name --mtime=2000-01-01T00:00:00Z \
    --numeric-owner --owner=0 --group=0 kubectl-vk8s LICENSE
  rm "$1/LICENSE"
  sum=$(sha256sum "$1/kubectl-vk8s.tar.gz")
  sed "s|@VERSION@|$version|; s|@SHA256@|${sum%% *}|; s|@HOMEPAGE@|$homepage|" images/cli/krew.yaml >"$1/vk8s.yaml"
}

build_all() {
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/out"
  echo "Building kubectl vk8s $version." >&2
  build_zipapp "$work/out/kubectl-vk8s"
  ln -s kubectl-vk8s "$work/out/kubectl_complete-vk8s"
  build_wheel "$work/out"
  describe_to_krew "$work/out"
  (cd "$work/out" && sha256sum kubectl-vk8s ./*.whl ./*.tar.gz | sed 's|\./||' >SHA256SUMS)
  mv "$work/out" "$directory"
}

inputs=$({ echo "$version $homepage" && list_inputs | sort | xargs sha256sum; } | sha256sum)
directory=$cache/cli-${inputs:0:16}
mkdir -p "$cache"
[[ -d $directory ]] || build_all
echo "$directory"
