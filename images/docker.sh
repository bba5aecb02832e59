# shellcheck shell=bash
# Images by Dockerfiles where no registry is reached and no Docker runs: with a daemon of its own. Layers are cached.
# The caller has set `cache`, and is in images/.

start_docker() {
  : "${work:?}" "${cache:?}"
  export DOCKER_HOST=unix://$work/docker.sock DOCKER_CONFIG=$work
  # The data of one daemon are no other's business.
  exec {docker_lock}>"$cache/docker.lock"
  flock "$docker_lock"
  # No network of its own: what is built uses this machine's.
  dockerd --bridge=none --iptables=false --ip6tables=false --data-root="$cache/docker" --exec-root="$work/exec" \
    --pidfile="$work/docker.pid" --host="$DOCKER_HOST" >"$work/docker.log" 2>&1 {docker_lock}>&- &
  docker_pid=$!
  until docker version >/dev/null 2>&1; do
    kill -0 $docker_pid 2>/dev/null || {
      echo "Docker does not start on this machine:" >&2
      tail -n 5 "$work/docker.log" >&2
      return 1
    }
    sleep 0.2
  done
}

stop_docker() {
  [[ -n ${docker_pid:-} ]] || return 0
  kill "$docker_pid" 2>/dev/null || true
  wait "$docker_pid" 2>/dev/null || true
  # What containers without a network of their own have been given; it outlives the daemon.
  umount "$work"/exec/netns/* 2>/dev/null || true
}

# Prints the name of an image like BASE that also trusts the authorities that this machine trusts, so that pip reaches
# from inside what it reaches here. Those of a proxy are nobody else's business: no image may be made of it.
build_trusting() { # BASE
  local bundle=/etc/ssl/certs/ca-certificates.crt
  [[ -e $bundle ]] || {
    echo "$1"
    return
  }
  mkdir "$work/trust"
  cp --dereference "$bundle" "$work/trust/"
  printf 'FROM %s\nCOPY %s %s\n' "$1" "${bundle##*/}" "$bundle" >"$work/trust/Dockerfile"
  docker build --quiet --tag "$1-trusting" "$work/trust" >/dev/null 2>"$work/build.log" || {
    cat "$work/build.log" >&2
    return 1
  }
  echo "$1-trusting"
}

# `docker import` would take any layer for one of this machine's architecture.
load_layer() { # LAYER REFERENCE
  python3 archive.py "$work/base.tar" "$2" --layer "$1"
  docker load --quiet --input "$work/base.tar" >/dev/null
  rm "$work/base.tar"
}

# Fails if the image is for another architecture than asked for. What a RUN adds is taken for this machine's by dockerd,
# what a COPY adds for that of its base: an image has to end with the latter.
check_architecture() { # REFERENCE
  local found
  found=$(docker image inspect --format '{{.Architecture}}' "$1")
  [[ $found = "${GOARCH:-$found}" ]] || {
    echo "$1 is for $found instead of $GOARCH: let the last stage of its Dockerfile run nothing." >&2
    return 1
  }
}

# An image by a Dockerfile whose BASE is made of Debian packages, as those of rootfs.sh. FILL puts Dockerfile and
# context into the directory that it is called with.
build_from_debian() { # IMAGE REFERENCE ARCHIVE FILL
  local layer base build_base
  layer=$(bash rootfs.sh "$1")
  base=vk8s-debian:$(basename "$layer" .tar)
  work=$(mktemp -d -p "$cache")
  trap 'stop_docker; rm -rf --one-file-system "$work"' EXIT
  mkdir "$work/context"
  "$4" "$work/context"
  start_docker
  docker image inspect "$base" >/dev/null 2>&1 || load_layer "$layer" "$base"
  build_base=$(build_trusting "$base")
  echo "Building $2." >&2
  docker build --quiet --network=host --build-arg "BASE=$base" --build-arg "BUILD_BASE=$build_base" --tag "$2" "$work/context" >/dev/null 2>"$work/build.log" || {
    cat "$work/build.log" >&2
    return 1
  }
  check_architecture "$2"
  # Next to its place first, so that half an archive is never found.
  docker save "$2" >"$3.$$.partial"
  mv "$3.$$.partial" "$3"
}
