# shellcheck shell=bash
# Tries on a host what a node needs of it, in a privileged pod of the node image. Prints a line for each thing: ok, note
# or problem; what it is; and what to do. Tabs are between them.
set -u
ROOT=${PROBE_ROOT:-} # tests have a directory for it
DISK=$ROOT/disk      # on the disk of the host's kubelet
# As in the boot of a node, which gives up below these.
LEAST_INOTIFY_INSTANCES=64 ADVISED_INOTIFY_INSTANCES=512 LEAST_INOTIFY_WATCHES=8192
LEAST_FREE_GIB=5

say() { # ok|note|problem TITLE [WHAT TO DO]
  printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}"
}

check_cgroups() {
  case $(stat --file-system --format %T "$ROOT/sys/fs/cgroup") in
  cgroup2fs) say ok "cgroup v2" ;;
  tmpfs) say ok "cgroup v1" ;;
  *) say problem "no cgroups" "mount /sys/fs/cgroup on the host" ;;
  esac
}

check_inotify() {
  local instances watches advice
  advice="on the host: sysctl fs.inotify.max_user_instances=8192 fs.inotify.max_user_watches=524288"
  instances=$(<"$ROOT/proc/sys/fs/inotify/max_user_instances")
  watches=$(<"$ROOT/proc/sys/fs/inotify/max_user_watches")
  if ((instances < LEAST_INOTIFY_INSTANCES || watches < LEAST_INOTIFY_WATCHES)); then
    say problem "$instances inotify instances and $watches watches, too few for a node" "$advice"
  elif ((instances < ADVISED_INOTIFY_INSTANCES)); then
    say note "$instances inotify instances, enough for a few nodes" "$advice"
  else
    say ok "$instances inotify instances"
  fi
}

check_overlay() {
  mkdir -p "$DISK"/{lower,upper,work,merged}
  if mount -t overlay -o "lowerdir=$DISK/lower,upperdir=$DISK/upper,workdir=$DISK/work" overlay "$DISK/merged" 2>/dev/null; then
    umount "$DISK/merged"
    say ok "overlayfs works on the host's disk"
  else
    say problem "overlayfs does not work on the host's disk" "on the host: modprobe overlay; NFS can't have it at all"
  fi
}

check_link() { # MODULE [MORE OF ip link add]
  if ip link add vk8s-try0 type "$@" 2>/dev/null; then
    ip link delete vk8s-try0
    say ok "$1 works"
  else
    say problem "the kernel has no $1" "on the host: modprobe $1"
  fi
}

check_nftables() {
  if nft -f - 2>/dev/null <<<'table ip vk8s-try {
    chain out { type nat hook postrouting priority srcnat; fib daddr type local masquerade; }
  }'; then
    nft delete table ip vk8s-try
    say ok "nftables works"
  else
    say problem "the kernel has no nftables with nat, masquerade or fib" \
      "on the host: modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_ipv4"
  fi
}

# The kubelet of a node reads it, and does not start without.
check_kmsg() {
  if [[ -e $ROOT/dev/kmsg ]]; then
    say ok "/dev/kmsg is there"
  else
    say problem "there is no /dev/kmsg" "the host's container runtime hides it from privileged pods"
  fi
}

check_disk() {
  local free
  free=$(($(df --output=avail --block-size=1M "$DISK" | tail -n 1) / 1024))
  if ((free < LEAST_FREE_GIB)); then
    say note "$free GiB are free on the host's disk" "images, logs, and volumes that are there, may soon have no room"
  else
    say ok "$free GiB are free on the host's disk"
  fi
}

# The kernel loads most modules by itself. Where the host forbids that, only the checks count.
modprobe --quiet --all overlay veth vxlan nf_tables 2>/dev/null || true
check_cgroups
check_inotify
check_overlay
check_link veth peer name vk8s-try1
check_link vxlan id 1 dstport 8475
check_nftables
check_kmsg
check_disk
