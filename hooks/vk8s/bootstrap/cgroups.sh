# shellcheck shell=bash
# A tree of cgroups of the node's own, on cgroup v1 and v2. Sourced by entrypoint.sh and boot.sh.
#
# Privileged pods see the host's tree. With a cgroup namespace, the pod's own cgroup is the root of what systemd and the
# kubelet see: everything inside counts towards the pod's limits, and is deleted with the pod.

CGROUPS=/sys/fs/cgroup

# Restarts this script inside a new cgroup namespace; with exec, because systemd has to be process 1. Which group of the
# host's tree is ours can only be found before, and host.sh needs it.
enter_own_cgroup_namespace() {
  if [[ ${1:-} = --in-own-cgroups ]]; then
    # shellcheck disable=SC2034 # for host.sh
    OWN_GROUP=$2
    return
  fi
  unshare --cgroup true 2>/dev/null || give_up "The pod may not create namespaces: a node has to be privileged."
  exec unshare --cgroup "$BASH" "$0" --in-own-cgroups "$(find_own_group)"
}

prepare_cgroups() {
  if [[ -e $CGROUPS/cgroup.controllers ]]; then
    prepare_cgroup_v2
  else
    prepare_cgroup_v1
  fi
}

prepare_cgroup_v2() {
  # The mount still shows the host's tree; a mount inside the namespace shows ours.
  umount $CGROUPS
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 $CGROUPS
  [[ $(</proc/self/cgroup) = 0::/ ]] ||
    give_up "The node got no cgroup namespace of its own, so it would write to the host's cgroups."
  # The host's kubelet sets this for containers: one hungry nested pod would then kill the whole node.
  { echo 0 >$CGROUPS/memory.oom.group; } 2>/dev/null || true
}

# Here the mounts show the pod's own cgroups already, one per controller.
prepare_cgroup_v1() {
  local controller
  for controller in "$CGROUPS"/*/; do
    [[ ! -e $controller/cgroup.procs ]] || mkdir -p "$controller/kubelet"
  done
}

# The kubelet needs its folder, with every controller that it knows. On version 2, only a group without processes can
# enable controllers for its children: the root can, once systemd has moved its processes, and systemd itself enables
# only some.
prepare_kubelet_cgroup() {
  [[ -e $CGROUPS/cgroup.controllers ]] || return 0
  mkdir -p $CGROUPS/kubelet
  local group
  for group in $CGROUPS $CGROUPS/kubelet; do
    sed 's/[^ ]\+/+&/g' "$group/cgroup.controllers" >"$group/cgroup.subtree_control"
  done
}
