# shellcheck shell=bash
# Stamps of the state volume: the Vk8s and the generation of the cluster that it belongs to, and the version of
# Kubernetes that wrote it. Sourced by entrypoint.sh and boot.sh.

OWNER_STAMP=$STATE/owner
VERSION_STAMP=$STATE/kubernetes-version
UPGRADE_STAMP=$STATE/kubernetes-upgrade # the new version, from its first write until its boot is complete
# Which cluster of this name: the owner may have given up the first one with its data, for an empty second one.
GENERATION_STAMP=$STATE/generation
# Written after the last step of the first boot of a control-plane node. It only shows that those steps are complete.
# shellcheck disable=SC2034 # used by founding.sh, members.sh and master.sh
FIRST_BOOT_COMPLETE=$STATE/first-boot-complete
# When this control-plane node began to fetch the cluster's data from others. Without it, it has initialized the cluster.
# shellcheck disable=SC2034 # used by founding.sh, members.sh and master.sh
JOINED=$STATE/joined
# After which loss of a quorum the data of etcd is from: a value of MEMBERS_OF.
QUORUM_STAMP=$STATE/members-of

claim_state_volume() {
  refuse_foreign_volume
  refuse_version_jump
  refuse_empty_volume # in founding.sh
  [[ -s $OWNER_STAMP && $(<"$OWNER_STAMP") = "$VK8S_UID" ]] || echo "$VK8S_UID" | write_file "$OWNER_STAMP"
}

# The host's kubelet makes the folders with the mode of the volume, and with some storage everybody may write to that: a pod
# inside with such a folder of its node could write a static pod, or another kubelet.conf.
close_state_folders() {
  chmod 755 /etc/kubernetes /var/lib/containerd /var/lib/kubelet "$STATE"
  chmod 700 /var/lib/etcd
}

# A volume that another Vk8s wrote (a PVC of the same name that was left over) must neither be used nor overwritten,
# unless its owner has asked for that.
refuse_foreign_volume() {
  local owner
  if [[ -s $OWNER_STAMP ]]; then
    owner=$(<"$OWNER_STAMP")
    [[ ,$VK8S_UID,$ADOPTS, = *,"$owner",* ]] ||
      give_up "The state volume belongs to another Vk8s (uid $owner, this one is $VK8S_UID): delete its PVC, or give the node" \
        "another name. To take over what an earlier Vk8s of this name has left, annotate this one with" \
        "vk8s.sktelecom.com/adopt=$owner."
  elif [[ -e /var/lib/etcd/member || -e /etc/kubernetes/kubelet.conf ]]; then
    give_up "The state volume holds a node that no Vk8s has stamped: delete its PVC, or give the node another name."
  fi
}

# The data of etcd and the kubelet can be upgraded by one minor version, and not downgraded.
refuse_version_jump() {
  local image before
  image=$(read_image_version)
  [[ -s $VERSION_STAMP ]] || return 0
  before=$(<"$VERSION_STAMP")
  refuse_way_back "$image"
  local step=$(($(find_minor "$image") - $(find_minor "$before")))
  ((step >= 0)) || give_up "This node ran Kubernetes $before and its image has $image: a downgrade is not" \
    "possible. Write an image with $before or the next minor version."
  ((step <= 1)) || give_up "This node ran Kubernetes $before and its image has $image: take one minor" \
    "version at a time. Write an image with v1.$(($(find_minor "$before") + 1)) first."
}

# The API server and etcd of an upgrade write before the boot is complete, in formats that earlier versions may not
# know.
refuse_way_back() { # version of the image
  local begun
  [[ -s $UPGRADE_STAMP ]] || return 0
  begun=$(<"$UPGRADE_STAMP")
  (($(find_minor "$1") >= $(find_minor "$begun"))) ||
    give_up "The upgrade of this node to Kubernetes $begun has already written data, and its image has $1: a downgrade is" \
      "not possible. Write an image with $begun or a newer patch of it."
}

read_image_version() {
  # shellcheck source=/dev/null
  (. /etc/vk8s/versions && echo "$KUBERNETES_VERSION")
}

find_minor() { # v1.34.4
  local minor=${1#v1.}
  echo "${minor%%.*}"
}

# Whether the node has booted with another version before.
is_upgrade() {
  [[ -s $VERSION_STAMP && $(<"$VERSION_STAMP") != "$KUBERNETES_VERSION" ]]
}

# Whether the node was in this generation of the cluster when it last booted. Volumes of earlier versions have no stamp,
# and belong to the first generation.
is_same_generation() {
  local stamp=1
  [[ ! -s $GENERATION_STAMP ]] || stamp=$(<"$GENERATION_STAMP")
  [[ $stamp = "$GENERATION" ]]
}

# Called before a control plane starts: until then, the previous version can be restored.
stamp_upgrade() {
  ! is_upgrade || echo "$KUBERNETES_VERSION" | write_file "$UPGRADE_STAMP"
}

# Called when a boot is complete.
stamp_volume() {
  echo "$GENERATION" | write_file "$GENERATION_STAMP"
  echo "$KUBERNETES_VERSION" | write_file "$VERSION_STAMP"
  rm -f "$UPGRADE_STAMP"
}

# Called before data of etcd is put in place: without data, the stamp has no meaning.
stamp_quorum() {
  [[ -z $MEMBERS_OF ]] || echo "$MEMBERS_OF" | write_file "$QUORUM_STAMP"
}
