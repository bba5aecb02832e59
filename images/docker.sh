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

# An image by a Dockerfile whose BASE is made of Debian packages, as those of rootfs.sh. FILL puts Dockerfile and
# context into the directory that it is called with.
build_from_debian() { # IMAGE REFERENCE ARCHIVE FILL
  local layer base
  layer=$(bash rootfs.sh "$1")
  base=vk8s-base:$(basename "$layer" .tar)
  work=$(mktemp -d -p "$cache")
  trap 'stop_docker; rm -rf --one-file-system "$work"' EXIT
  mkdir "$work/context"
  "$4" "$work/context"
  start_docker
  docker image inspect "$base" >/dev/null 2>&1 || docker import "$layer" "$base" >/dev/null
  echo "Building $2." >&2
  docker build --quiet --network=host --build-arg "BASE=$base" --tag "$2" "$work/context" >/dev/null 2>"$work/build.log" || {
    cat "$work/build.log" >&2
    return 1
  }
  # Next to its place first, so that half an archive is never found.
  docker save "$2" >"$3.$$.partial"
  mv "$3.$$.partial" "$3"
}
