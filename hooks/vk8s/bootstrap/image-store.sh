# shellcheck shell=bash
# Puts the images in the node image into containerd's store before containerd starts. Sourced by entrypoint.sh.

SOURCE=/opt/vk8s/store
STORE=/var/lib/containerd
SNAPSHOTTER=io.containerd.snapshotter.v1.overlayfs
METADATA=io.containerd.metadata.v1.bolt
CONTENT=io.containerd.content.v1.content
SEEDED=$STORE/.seeded # the id of the store that was copied or linked here, written last

prepare_image_store() {
  [[ $(cat $SEEDED 2>/dev/null) != "$(<$SOURCE/id)" ]] || return 0
  # Incomplete, or from another node image, to whose files the links would point. Images of users have to be pulled
  # again.
  find $STORE -mindepth 1 -delete
  if can_link_store; then
    link_store
    say "The images of the node are linked into its store."
  else
    say "The images of the node are copied into its store, as overlayfs can't be stacked on this host."
    copy_store
  fi
  write_file $SEEDED <$SOURCE/id
}

# Overlayfs can be stacked once: not if the host's own disk is an overlay. Only an attempt shows it.
can_link_store() {
  local snapshots=("$SOURCE/$SNAPSHOTTER"/snapshots/*)
  try_overlay $STORE "${snapshots[0]}/fs"
}

# Only the file systems of images are linked. Files that containerd writes to are copied.
link_store() {
  local source target
  cp -a $SOURCE/$METADATA $SOURCE/$CONTENT $STORE/
  mkdir -p $STORE/$SNAPSHOTTER/snapshots
  chmod 700 $STORE/$SNAPSHOTTER/snapshots
  cp -a $SOURCE/$SNAPSHOTTER/metadata.db $STORE/$SNAPSHOTTER/
  for source in "$SOURCE/$SNAPSHOTTER"/snapshots/*; do
    target=$STORE/$SNAPSHOTTER/snapshots/${source##*/}
    mkdir -m 700 "$target"
    mkdir -m 711 "$target/work"
    ln -s "$source/fs" "$target/fs"
  done
}

copy_store() {
  cp -a --reflink=auto $SOURCE/{$METADATA,$CONTENT,$SNAPSHOTTER} $STORE/
}
