# shellcheck shell=bash
# Programs of CNI plugins on the state volume: those of the node image, and those that users have installed. Sourced by
# entrypoint.sh.

IMAGE_CNI_PROGRAMS=/usr/lib/cni
# What the copies leave for etcd and the rest of the boot. Pods are evicted below that.
PROGRAMS_LEAVE_MIB=200

# Copies programs of the node image to the volume, if that is another one than before. Programs that users have installed
# under the same name, such as newer ones, stay.
# shellcheck disable=SC2154 # entrypoint.sh sources image-store.sh
copy_network_programs() { # folder
  local programs=$1/bin image name entry copied=()
  local own=$1/programs # which ones are from a node image: name, size and time; written first
  local from=$1/image # which one, written last
  image=$(<"$SOURCE/id")
  [[ $(cat "$from" 2>/dev/null) != "$image" ]] || return 0
  rm -f "$from"
  list_programs "$programs" | while read -r entry; do
    ! grep -sqxF "$entry" "$own" || rm "$programs/${entry%% *}"
  done
  has_room_for_programs && list_programs "$IMAGE_CNI_PROGRAMS" | write_file "$own" || return
  for name in "$IMAGE_CNI_PROGRAMS"/*; do
    name=${name##*/}
    [[ ! -s $programs/$name ]] || continue # a power failure leaves empty ones
    copied+=("$programs/$name")
    if ! { cp -pL "$IMAGE_CNI_PROGRAMS/$name" "$1/copying" && mv "$1/copying" "$programs/$name"; }; then
      rm -f "$1/copying" "${copied[@]}"
      return 1
    fi
  done 2>/dev/null
  sync -f "$programs" && echo "$image" | write_file "$from"
}

# shellcheck disable=SC2154 # read_room in room.sh sets room
has_room_for_programs() {
  read_room || return 0
  ((room >= $(du --dereference --summarize --block-size=1M "$IMAGE_CNI_PROGRAMS" | cut -f1) + PROGRAMS_LEAVE_MIB))
}

list_programs() { # folder
  find -L "$1" -maxdepth 1 -type f -printf '%f %s %Ts\n'
}
