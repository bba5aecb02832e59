# shellcheck shell=bash
# What a node needs of its host, one function for each thing, with its message. docs/hosts.md lists the same.
#
# Each calls `report ok|note|problem SENTENCE [WHAT TO DO]`. In a node (preflight.sh), the first problem ends the boot.
# `kubectl vk8s doctor --probe` and examples/host-check.yaml send this file to hosts, and show everything (probe.sh).

LEAST_KERNEL=5.13 # kube-proxy's nftables mode
# inotify instances are counted per user, and all nodes of a host are root. One node takes some twenty instances.
LEAST_INOTIFY_INSTANCES=64 ADVISED_INOTIFY_INSTANCES=512 LEAST_INOTIFY_WATCHES=8192
# Threads count. An idle control-plane node has some two hundred, an idle worker eighty.
LEAST_PIDS=512 ADVISED_PIDS=4096
ADVISED_OPEN_FILES=65536
LEAST_MTU=1280 # of pods inside, whose packets get 50 bytes more on their way to another node
VXLAN_BYTES=50
LEAST_YEAR=2026 # a host whose clock was never set is decades behind
CONTROLLERS=(cpu cpuset memory pids)
POLICY_MODULES=(ip_set_hash_ip ip_set_hash_net xt_set xt_physdev xt_NFLOG)

check_host() { # directory on the file system that will hold containers
  check_kernel_version
  check_ids
  check_cgroups
  check_pids
  check_inotify
  check_open_files
  check_clock
  check_address
  check_mtu
  load_modules
  check_overlay "$1"
  check_link veth peer name vk8s-try1
  check_nftables
}

# The kernel loads most modules by itself. If the host forbids that, only the checks count.
load_modules() {
  modprobe --quiet --all overlay veth vxlan nf_tables 2>/dev/null || true
}

check_kernel_version() {
  local version major minor
  version=$(uname -r)
  IFS=. read -r major minor _ <<<"$version"
  minor=${minor%%[!0-9]*}
  if ((major * 1000 + minor >= ${LEAST_KERNEL%.*} * 1000 + ${LEAST_KERNEL#*.})); then
    report ok "Kernel $version"
  else
    report problem "The host's kernel is $version, and kube-proxy needs $LEAST_KERNEL or newer" \
      "update the host, or write a nodeSelector for other hosts"
  fi
}

# In a user namespace, root may neither load modules nor mount what a node mounts.
check_ids() {
  local first mapped count
  read -r first mapped count </proc/self/uid_map
  if ((first == 0 && mapped == 0 && count >= 4294967295)); then
    report ok "Root is the host's root"
  else
    report problem "The pod has a user namespace of its own" \
      "let the host's runtime and policies start privileged pods with hostUsers: true"
  fi
}

check_cgroups() {
  local groups=/sys/fs/cgroup name missing=()
  if [[ -e $groups/cgroup.controllers ]]; then
    for name in "${CONTROLLERS[@]}"; do
      [[ " $(<"$groups/cgroup.controllers") " = *" $name "* ]] || missing+=("$name")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
      report ok "Cgroups of version 2"
    else
      report problem "The pod's cgroup has no controller ${missing[*]}" \
        "let the host's kubelet and systemd delegate all controllers to pods"
    fi
  elif [[ -d $groups/systemd && -d $groups/memory ]]; then
    report ok "Cgroups of version 1"
  else
    report problem "The host has neither cgroup version 2 nor version 1 with systemd's hierarchy" \
      "mount /sys/fs/cgroup on the host"
  fi
}

check_pids() {
  local most
  most=$(find_most_pids)
  local advice="raise podPidsLimit in the configuration of the host's kubelet"
  if [[ -z $most ]]; then
    report ok "No limit of processes"
  elif ((most < LEAST_PIDS)); then
    report problem "The pod may have $most processes and threads, and a node needs $LEAST_PIDS" "$advice"
  elif ((most < ADVISED_PIDS)); then
    report note "The pod may have only $most processes and threads, for all pods inside" "$advice"
  else
    report ok "$most processes and threads"
  fi
}

# Prints the lowest limit that counts: the kubelet's is on the group of the pod, above that of the container. Version 1
# shows a container only its own.
find_most_pids() {
  local root=/sys/fs/cgroup group limit most=''
  group=$root/pids
  [[ ! -e $root/cgroup.controllers ]] || group=$root${OWN_GROUP-$(find_own_group)}
  while [[ $group = "$root"* ]]; do
    { read -r limit <"$group/pids.max"; } 2>/dev/null || limit=max
    [[ $limit = max || (-n $most && $limit -ge $most) ]] || most=$limit
    group=${group%/*}
  done
  printf %s "$most"
}

# Prints which group of the host's tree is the container's, on version 2; only outside of a cgroup namespace.
find_own_group() {
  sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null || true
}

check_inotify() {
  local instances watches
  instances=$(</proc/sys/fs/inotify/max_user_instances)
  watches=$(</proc/sys/fs/inotify/max_user_watches)
  local advice="set fs.inotify.max_user_instances=8192 and fs.inotify.max_user_watches=524288 with sysctl on the host"
  if ((instances < LEAST_INOTIFY_INSTANCES || watches < LEAST_INOTIFY_WATCHES)); then
    report problem "The host allows $instances inotify instances and $watches watches per user, too few for a node" "$advice"
  elif ((instances < ADVISED_INOTIFY_INSTANCES)); then
    report note "The host allows only $instances inotify instances (fs.inotify.max_user_instances), enough for a few nodes" \
      "$advice"
  else
    report ok "$instances inotify instances"
  fi
}

# The limit of containerd's unit (containerd.service) counts only up to the host's, where it can't be raised.
check_open_files() {
  if (ulimit -n $ADVISED_OPEN_FILES) 2>/dev/null; then
    report ok "$ADVISED_OPEN_FILES open files and more"
  else
    report note "A process may open only $(ulimit -Hn) files" \
      "set fs.nr_open=1048576 with sysctl on the host, and LimitNOFILE=1048576 for its container runtime"
  fi
}

# No certificate would be valid yet.
check_clock() {
  local date
  printf -v date '%(%Y-%m-%d)T' -1
  if ((${date%%-*} >= LEAST_YEAR)); then
    report ok "The clock says $date"
  else
    report problem "The host's clock says $date" "set it, with NTP for example"
  fi
}

check_address() {
  if [[ $POD_IP = *:* ]]; then
    report problem "The pod's address is $POD_IP, and nodes need IPv4" \
      "let the host cluster give pods an IPv4 address first (the order of its pod networks)"
  else
    report ok "An IPv4 address"
  fi
}

check_mtu() {
  local interface mtu
  interface=$(ip -o -4 addr show | awk -v address="$POD_IP/" 'index($4, address) == 1 { print $2; exit }')
  mtu=$(cat "/sys/class/net/$interface/mtu" 2>/dev/null) || return 0
  if ((mtu < LEAST_MTU + VXLAN_BYTES)); then
    report note "The pod's network has an MTU of $mtu, which leaves pods inside $((mtu - VXLAN_BYTES))" \
      "raise the MTU of the host cluster's pod network"
  else
    report ok "An MTU of $mtu"
  fi
}

check_overlay() { # directory
  local kind
  kind=$(findmnt --noheadings --output FSTYPE --target "$1") || kind=unknown
  if try_overlay "$1"; then
    report ok "Overlayfs can be mounted on $kind"
  else
    report problem "The state volume can't hold containers: overlayfs can't be mounted on $1 ($kind)" \
      "use a storage class on a local file system; where there is no overlayfs at all, \`modprobe overlay\` on the host"
  fi
}

try_overlay() { # directory [lower directory]
  local try=$1/.vk8s-try status=0
  mkdir -p "$try"/{lower,upper,work,merged}
  mount -t overlay -o "lowerdir=${2:-$try/lower},upperdir=$try/upper,workdir=$try/work" overlay "$try/merged" 2>/dev/null ||
    status=$?
  [[ $status -ne 0 ]] || umount "$try/merged"
  rm -rf --one-file-system "$try"
  return $status
}

check_link() { # type [more of `ip link add`]
  if ip link add vk8s-try0 type "$@" 2>/dev/null && ip link delete vk8s-try0; then
    report ok "The kernel has $1"
  else
    report problem "The host's kernel has no $1" "run \`modprobe $1\` on the host"
  fi
}

# VNI and port are not flannel's defaults: the host's own network may be flannel. Only nodes with flannel need it.
check_vxlan() {
  check_link vxlan id 1 dstport 8475
}

check_nftables() {
  if try_nftables; then
    report ok "The kernel has nftables"
  else
    report problem "The host's kernel has no nftables with nat, masquerade or fib" \
      "run \`modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_ipv4\` on the host"
  fi
}

try_nftables() {
  nft -f - 2>/dev/null <<<'table ip vk8s-try {
    chain out { type nat hook postrouting priority srcnat; fib daddr type local masquerade; }
  }' && nft delete table ip vk8s-try
}

# What NetworkPolicies need, and nothing else does. Only nodes with flannel enforce them. Fails if the kernel can't, as
# nodes run without.
check_policies() {
  # In older node images it is missing.
  command -v ipset >/dev/null || return 0
  if try_policies || { modprobe --quiet --all "${POLICY_MODULES[@]}" 2>/dev/null && try_policies; }; then
    report ok "The kernel has what NetworkPolicies need"
  else
    report note "The host's kernel has no ipset or not all matches of iptables, and NetworkPolicies inside are not enforced" \
      "run \`modprobe -a ip_set_hash_ip ip_set_hash_net xt_set xt_physdev xt_NFLOG\` on the host"
    return 1
  fi
}

# In a network namespace that ends with it: rules such as those of network-policies.
try_policies() {
  unshare --net bash -c 'ipset create ips hash:ip timeout 0 && ipset create nets hash:net timeout 0 && iptables-restore' \
    2>/dev/null <<'END'
*filter
:TRY - [0:0]
-A INPUT -p tcp -m comment --comment try -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN
-A TRY -m set --match-set ips src -m set --match-set nets dst -m conntrack --ctstate INVALID -j MARK --set-xmark 0x1/0x1
-A TRY -m mark ! --mark 0x1/0x1 -m limit --limit 10/minute --limit-burst 10 -j NFLOG --nflog-group 100
-A TRY -m physdev --physdev-is-bridged -j REJECT
COMMIT
END
}
