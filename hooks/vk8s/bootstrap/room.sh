# shellcheck shell=bash
# Room on the state volume, on which etcd, images, logs and the volumes of pods inside are: what a node does when pods
# have filled it. The kubelet evicts pods (hooks/vk8s/node_config/components.py). Sourced by entrypoint.sh and watcher.sh.

RESERVE=$STATE/reserve # takes room that is needed when there is no other
RESERVE_MIB=128 # etcd allocates 64 at once for its log
# The reserve is released if less MiB are free: while the node runs, and when it boots, which writes more.
FULL_MIB=16 FULL_AT_BOOT_MIB=32
LEAST_TO_BOOT_MIB=4
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

# Called before anything is written. What pods inside have written stays: it is not known what can be deleted.
make_room_to_boot() {
  read_room || return 0
  if ((room < FULL_AT_BOOT_MIB)) && [[ -e $RESERVE ]]; then release_reserve && read_room; fi
  ((room >= LEAST_TO_BOOT_MIB)) ||
    give_up "The state volume is full ($room MiB of $size MiB are free), and the node can't boot: expand claim" \
      "$NODE_NAME-state, if its storage class allows that, or delete files of pods inside with a pod that mounts it."
}

# Sets $room and $size to how many MiB of the volume are free, and how many it has.
read_room() {
  read -r size room < <(df --output=size,avail --block-size=1M "$STATE" 2>/dev/null | tail -1) && [[ -n $room ]]
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
  elif ((room >= least + 2 * RESERVE_MIB)) && [[ -z $has_no_reserve ]]; then
    keep_reserve
  fi
  if ((room >= least)); then
    rm -f "$RUN/unused-images"
  elif [[ -s $NODE_IMAGES ]] && ((SECONDS >= images_seen_at + IMAGES_SECONDS)); then
    images_seen_at=$SECONDS
    remove_unused_images & # the node goes on meanwhile
  fi
}

# Without writing anything, which not all file systems can.
keep_reserve() {
  if fallocate --length ${RESERVE_MIB}MiB "$RESERVE.partial" 2>/dev/null; then
    mv "$RESERVE.partial" "$RESERVE"
  else
    rm -f "$RESERVE.partial"
    has_no_reserve=yes
  fi
}

# The kubelet may remove none (components.py): it would take those of the node image as well, which are in no registry.
remove_unused_images() {
  local unused=$RUN/unused-images names
  list_unused_images | sort >"$unused.new" || return 0
  mapfile -t names < <(comm -12 "$unused" "$unused.new" 2>/dev/null | cut -d' ' -f2)
  if [[ ${#names[@]} -gt 0 ]] && ctr --namespace k8s.io images rm --sync "${names[@]}" >/dev/null 2>&1; then
    say "$(comm -12 "$unused" "$unused.new" | cut -d' ' -f1 | uniq | wc -l) images that no container uses are removed, as only" \
      "$room MiB of $size MiB of the state volume are free. They are pulled again if they are needed."
  fi
  mv "$unused.new" "$unused"
}

# Prints digests and names of images that no container uses. Those of the node image, and those that somebody has
# pinned, are left out.
list_unused_images() {
  local images containers
  images=$(ctr --namespace k8s.io images ls) && containers=$(ctr --namespace k8s.io containers ls) || return
  awk '
    FILENAME == ARGV[1] { kept[$1] }
    FILENAME == ARGV[2] { kept[$2] }
    FILENAME == ARGV[3] && FNR > 1 {
      digests[$1] = $3
      if ($1 in kept || /io\.cri-containerd\.pinned=pinned/) used[$3]
    }
    END { for (name in digests) if (!(digests[name] in used)) print digests[name], name }
  ' "$NODE_IMAGES" <(echo "$containers") <(echo "$images")
}
