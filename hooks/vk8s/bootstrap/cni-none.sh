# shellcheck shell=bash
# The network between the nodes with cni: none. The owner of the cluster installs one inside it, and until then the
# kubelet reports NotReady. Sourced by network.sh and entrypoint.sh; cni-flannel.sh has the same functions.

check_network_kernel() {
  :
}

prepare_network() {
  say "No pod network is set up (cni: none): this node becomes Ready once you have installed one."
}

print_network_manifests() {
  :
}

start_network() {
  :
}

restart_network() {
  :
}

# Whether NetworkPolicies are enforced is up to that network.
tend_network() {
  :
}

# Nothing is waited for: which files show that the network is up depends on the network.
is_network_up() {
  true
}

has_joined_network() {
  true
}

# The controller manager may give the node another subnet.
find_subnet() {
  false
}

# Users' networks install their own files in each pod of a node.
keep_network_files() {
  :
}

restore_cni_list() {
  :
}
