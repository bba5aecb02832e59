# shellcheck shell=bash
# Checks what a node needs from its pod and from its host (host.sh), by trying it. Sourced by entrypoint.sh.

# shellcheck source=/dev/null disable=SC2154 # entrypoint.sh sets boot
. "$boot/environment.sh" # REQUIRED and OPTIONAL: built by the controller (hooks/vk8s/node_config/environment.py)
PKI=/vk8s/pki   # mounted into control-plane nodes
JOIN=/vk8s/join # mounted into workers
MIB=$((1024 * 1024))
LEAST_MINOR_OF_SEVERAL=34
ETCD_MEMBER=/usr/local/bin/etcd-member

check_machine() {
  check_memory
  check_host /var/lib/containerd
  check_network_kernel
}

# How host.sh reports: what is missing ends the boot, as nothing in the node could change it.
report() { # ok|note|problem SENTENCE [WHAT TO DO]
  case $1 in
    problem) give_up "$2: $3." ;;
    note) say "$2: $3." ;;
  esac
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
    printf '%s\n' $JOIN/{ca.crt,client.pem}
  fi
}

# With less, a node has never worked: it would be killed at some time without a message.
check_memory() {
  local least=256
  [[ $ROLE != master ]] || least=768
  ((MEMORY_LIMIT_BYTES >= least * MIB)) ||
    give_up "The pod's memory limit is $((MEMORY_LIMIT_BYTES / MIB)) MiB; a $ROLE needs at least $least MiB."
}
