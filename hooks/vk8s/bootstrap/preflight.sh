# shellcheck shell=bash
# Checks what a node needs from its pod and from the host's kernel, by trying it. Sourced by entrypoint.sh.

# shellcheck source=/dev/null disable=SC2154 # entrypoint.sh sets boot
. "$boot/environment.sh" # REQUIRED and OPTIONAL: built by the controller (hooks/vk8s/node_config/environment.py)
PKI=/vk8s/pki   # mounted into control-plane nodes
JOIN=/vk8s/join # mounted into workers
# inotify instances are counted per user, and all nodes of a host are root. One node takes some twenty instances.
LEAST_INOTIFY_INSTANCES=64 ADVISED_INOTIFY_INSTANCES=512 LEAST_INOTIFY_WATCHES=8192
MIB=$((1024 * 1024))
LEAST_MINOR_OF_SEVERAL=34
ETCD_MEMBER=/usr/local/bin/etcd-member

check_machine() {
  check_memory
  check_inotify
  check_kernel
}

check_pod() {
  local name entry file
  for name in "${REQUIRED[@]}"; do
    [[ -n ${!name:-} ]] || give_up "The pod has no environment variable $name: it was not created by this controller."
  done
  for entry in "${OPTIONAL[@]}"; do # NAME=default
    name=${entry%%=*}
    [[ -n ${!name:-} ]] || printf -v "$name" %s "${entry#*=}"
  done
  [[ -z $ETCD_SERVICE ]] || check_node_image
  for file in $(list_credentials); do
    [[ -s $file ]] || give_up "$file is missing: the Secret mounted there is not complete."
  done
}

# In etcd before 3.6, a member that was promoted may lose its vote at the next upgrade.
check_node_image() {
  local version
  version=$(read_image_version) # in state-volume.sh
  (($(find_minor "$version") >= LEAST_MINOR_OF_SEVERAL)) ||
    give_up "Several control-plane nodes need Kubernetes v1.$LEAST_MINOR_OF_SEVERAL or newer, and the image of this node has" \
      "$version: upgrade the control-plane node while it is the only one."
  [[ -x $ETCD_MEMBER ]] ||
    give_up "The image of this node has no etcd-member, which several control-plane nodes need: write an image that was" \
      "built by this version of the project or a later one."
}

list_credentials() {
  if [[ $ROLE = master ]]; then
    printf '%s\n' $PKI/{ca,etcd-ca,front-proxy-ca}.{crt,key} $PKI/sa.{key,pub} $PKI/token
  else
    printf '%s\n' $JOIN/{token,ca.crt}
  fi
}

# With less, a node has never worked: it would be killed at some time without a message.
check_memory() {
  local least=256
  [[ $ROLE != master ]] || least=768
  ((MEMORY_LIMIT_BYTES >= least * MIB)) ||
    give_up "The pod's memory limit is $((MEMORY_LIMIT_BYTES / MIB)) MiB; a $ROLE needs at least $least MiB."
}

check_inotify() {
  local instances watches
  instances=$(</proc/sys/fs/inotify/max_user_instances)
  watches=$(</proc/sys/fs/inotify/max_user_watches)
  ((instances >= LEAST_INOTIFY_INSTANCES && watches >= LEAST_INOTIFY_WATCHES)) ||
    give_up "The host allows $instances inotify instances and $watches watches per user, too few for a node:" \
      "set fs.inotify.max_user_instances=8192 and fs.inotify.max_user_watches=524288 with sysctl on the host."
  ((instances >= ADVISED_INOTIFY_INSTANCES)) ||
    say "The host allows only $instances inotify instances (fs.inotify.max_user_instances): enough for a few nodes."
}

check_kernel() {
  # The kernel loads most modules by itself. If the host forbids that, only the checks below count.
  modprobe --quiet --all overlay veth vxlan nf_tables 2>/dev/null || true
  # shellcheck disable=SC2119
  try_overlay || give_up "The state volume can't hold containers: overlayfs can't be mounted on /var/lib/containerd" \
    "($(findmnt --noheadings --output FSTYPE --target /var/lib/containerd)); use a storage class on a local file system."
  try_link type veth peer name vk8s-try1 || give_up "The host's kernel has no veth: run \`modprobe veth\` on the host."
  check_network_kernel
  try_nftables || give_up "The host's kernel has no nftables with nat, masquerade or fib:" \
    "run \`modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_ipv4\` on the host."
}

try_link() { # arguments of `ip link add`
  ip link add vk8s-try0 "$@" 2>/dev/null && ip link delete vk8s-try0
}

try_nftables() {
  nft -f - 2>/dev/null <<<'table ip vk8s-try {
    chain out { type nat hook postrouting priority srcnat; fib daddr type local masquerade; }
  }' && nft delete table ip vk8s-try
}

# shellcheck disable=SC2120 # image-store.sh names a directory
try_overlay() { # [lower directory]
  local try=/var/lib/containerd/.vk8s-try status=0
  mkdir -p $try/{lower,upper,work,merged}
  mount -t overlay -o "lowerdir=${1:-$try/lower},upperdir=$try/upper,workdir=$try/work" overlay $try/merged 2>/dev/null ||
    status=$?
  [[ $status -ne 0 ]] || umount $try/merged
  rm -rf --one-file-system $try
  return $status
}
