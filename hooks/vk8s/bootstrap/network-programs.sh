# shellcheck shell=bash
# Programs of CNI plugins on the state volume: those of the node image, and those that users have installed. Sourced by
# entrypoint.sh.

IMAGE_CNI_PROGRAMS=/usr/lib/cni

# Copies programs of the node image to the volume, if that is another one than before. Programs that users have installed
# under the same name, such as newer ones, stay.
# shellcheck disable=SC2154 # entrypoint.sh sources image-store.sh
copy_network_programs() { # folder
  local programs=$1/bin image name entry
  local own=$1/programs # which ones are from a node image: name, size and time
  local from=$1/image # which one, written last
  image=$(<"$SOURCE/id")
  [[ $(cat "$from" 2>/dev/null) != "$image" ]] || return 0
  list_programs "$programs" | while read -r entry; do
    ! grep -sqxF "$entry" "$own" || rm "$programs/${entry%% *}"
  done
  for name in "$IMAGE_CNI_PROGRAMS"/*; do
    name=${name##*/}
    [[ ! -e $programs/$name ]] || continue
    if ! { cp -pL "$IMAGE_CNI_PROGRAMS/$name" "$1/copying" && mv "$1/copying" "$programs/$name"; }; then
      rm -f "$1/copying"
      return 1
    fi
  done 2>/dev/null
  list_programs "$IMAGE_CNI_PROGRAMS" | write_file "$own" && echo "$image" | write_file "$from"
}

list_programs() { # folder
  find -L "$1" -maxdepth 1 -type f -printf '%f %s %Ts\n'
}
