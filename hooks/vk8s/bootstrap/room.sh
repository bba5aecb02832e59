# shellcheck shell=bash
# Room on the state volume, on which etcd, images, logs and the volumes of pods inside are: what a node does when pods
# have filled it. The kubelet evicts pods (hooks/vk8s/node_config/components.py). Sourced by entrypoint.sh and watcher.sh.

RESERVE=$STATE/reserve # takes room that is needed when there is no other
RESERVE_MIB=128 # etcd allocates 64 at once for its log
# The reserve is released if less MiB are free: while the node runs, and when it boots, which writes more.
FULL_MIB=16 FULL_AT_BOOT_MIB=32
LEAST_TO_BOOT_MIB=4
UNUSABLE_MIB=16
ROOM_SECONDS=5
# Unused images are removed if less is free than a tenth of the volume, within these bounds. The kubelet evicts pods at
# 200.
LEAST_ROOM_MIB=400 MOST_ROOM_MIB=1024
# An image may just have been pulled for a pod: it is removed if no container uses it at two looks.
IMAGES_SECONDS=60
NODE_IMAGES=/opt/vk8s/store/images # older node images don't have the list

room_seen_at=-$ROOM_SECONDS     # SECONDS
images_seen_at=-$IMAGES_SECONDS # SECONDS
has_no_reserve=''               # not empty if the file system can't allocate a file
removing_images=''              # the process that removes images

# Called before anything is written. What pods inside have written stays: it is not known what can be deleted.
make_room_to_boot() {
  rm -f "$RESERVE.partial" # of a node that was interrupted
  read_room || return 0
  if ((room < FULL_AT_BOOT_MIB)) && [[ -e $RESERVE ]]; then release_reserve && read_room; fi
  ((room >= LEAST_TO_BOOT_MIB)) ||
    give_up "The state volume is full ($room MiB of $size MiB are free), and the node can't boot: expand claim" \
      "$NODE_NAME-state, if its storage class allows that, or delete files of pods inside with a pod that mounts it."
}

# Sets how many MiB the volume has ($size), how many root can write ($room), and how many others can ($available). The
# kubelet goes by the latter; ext4 keeps some for root, and counts 16 MiB as free that nobody can write. Fails if the
# file system does not tell.
read_room() {
  local block
  read -r block size room available < <(stat -f -c '%S %b %f %a' "$STATE" 2>/dev/null) && ((size > 0)) || return
  size=$((size * block >> 20)) room=$(((room * block >> 20) - UNUSABLE_MIB)) available=$((available * block >> 20))
  room=$((room > available ? room : available))
}

release_reserve() {
  say "The state volume is full: $room MiB of $size MiB are free. The node's reserve of $RESERVE_MIB MiB is released. Delete" \
    "what is not needed inside."
  rm -f "$RESERVE"
}

watch_room() {
  ((SECONDS >= room_seen_at + ROOM_SECONDS)) || return 0
  room_seen_at=$SECONDS
  read_room || return 0
  local least=$((size / 10))
  least=$((least < LEAST_ROOM_MIB ? LEAST_ROOM_MIB : least > MOST_ROOM_MIB ? MOST_ROOM_MIB : least))
  if [[ -e $RESERVE ]]; then
    ((room >= FULL_MIB)) || release_reserve
  elif ((available >= least + 2 * RESERVE_MIB)) && [[ -z $has_no_reserve$EPHEMERAL ]]; then
    keep_reserve
  fi
  if ((available >= least)); then
    rm -f "$RUN/unused-images"
  else
    start_removal
  fi
}

# Without writing anything, which not all file systems can.
keep_reserve() {
  rm -f "$RESERVE.partial"
  if fallocate --length ${RESERVE_MIB}MiB "$RESERVE.partial" 2>/dev/null; then
    mv "$RESERVE.partial" "$RESERVE"
  else
    rm -f "$RESERVE.partial"
    has_no_reserve=yes
  fi
}

# In the background: containerd may take a while.
start_removal() {
  [[ -s $NODE_IMAGES ]] && ((SECONDS >= images_seen_at + IMAGES_SECONDS)) || return 0
  [[ -z $removing_images ]] || ! kill -0 "$removing_images" 2>/dev/null || return 0
  images_seen_at=$SECONDS
  remove_unused_images &
  removing_images=$!
}

# The kubelet may remove none (components.py): it would take those of the node image as well, which are in no registry.
remove_unused_images() {
  local unused=$RUN/unused-images names
  list_unused_images | sort >"$unused.new" || return 0
  mapfile -t names < <(comm -12 "$unused" "$unused.new" 2>/dev/null | cut -d' ' -f2)
  if [[ ${#names[@]} -gt 0 ]] && ctr --namespace k8s.io images rm --sync "${names[@]}" >/dev/null 2>&1; then
    say "$(comm -12 "$unused" "$unused.new" | cut -d' ' -f1 | uniq | wc -l) images that no container uses are removed, as only" \
      "$available MiB of $size MiB of the state volume are free. They are from registries, and are pulled again for pods" \
      "that need them."
  fi
  mv "$unused.new" "$unused"
}

# Prints digests and names of images that no container uses. Those of the node image, those that somebody has pinned,
# and those that were imported are left out: only a pulled one has a name with the digest that its registry gave.
list_unused_images() {
  local images containers
  images=$(ctr --namespace k8s.io images ls) && containers=$(ctr --namespace k8s.io containers ls) || return
  awk '
    FILENAME == ARGV[1] { kept[$1] }
    FILENAME == ARGV[2] { kept[$2] }
    FILENAME == ARGV[3] && FNR > 1 {
      digests[$1] = $3
      if ($1 in kept || /io\.cri-containerd\.pinned=pinned/) used[$3]
      if ($1 ~ "/.*@") pulled[$3]
    }
    END { for (name in digests) if (digests[name] in pulled && !(digests[name] in used)) print digests[name], name }
  ' "$NODE_IMAGES" <(echo "$containers") <(echo "$images")
}
