# shellcheck shell=bash
# Which of the host's GPUs the node sees. A privileged container has every device of its host, whatever was assigned to
# its pod. Sourced by entrypoint.sh.

DEVICES=/dev DRIVER=/proc/driver/nvidia
# NVIDIA's device plugin passes on what it has assigned in a variable, or in the names of files here.
ASSIGNMENTS=/var/run/nvidia-container-devices

# Removes the devices of GPUs that were not assigned to the pod, which has requested GPUS of them.
hide_foreign_gpus() {
  local device kept=()
  compgen -G "$DEVICES/nvidia*" >/dev/null || return 0
  if ((${GPUS:-0} == 0)); then
    remove_devices "$DEVICES"/nvidia*
    return
  fi
  mapfile -t kept < <(list_assigned | find_minors)
  if [[ ${#kept[@]} -eq 0 ]]; then
    say "The host's device plugin does not say which GPUs are this node's (NVIDIA_VISIBLE_DEVICES): it sees all of them."
    return
  fi
  for device in "$DEVICES"/nvidia[0-9]*; do
    [[ " ${kept[*]} " == *" ${device##*nvidia} "* ]] || remove_devices "$device"
  done
  keep_driver_from_adding_devices
}

# Prints UUIDs or numbers, one per line. Words such as `all` and `void` assign nothing.
list_assigned() {
  {
    tr , '\n' <<<"${NVIDIA_VISIBLE_DEVICES:-}"
    [[ ! -d $ASSIGNMENTS ]] || ls "$ASSIGNMENTS"
  } | grep --extended-regexp '^(GPU-.*|[0-9]+)$' || true
}

# Prints the number in the device's name for each UUID or number in the input. The driver numbers GPUs in the order of
# their PCI addresses.
find_minors() {
  local id place number
  while read -r id; do
    number=0
    for place in "$DRIVER"/gpus/*/information; do
      [[ -e $place ]] || continue
      if [[ $id == "$number" || $id == "$(read_property "$place" "GPU UUID")" ]]; then
        read_property "$place" "Device Minor"
        continue 2
      fi
      number=$((number + 1))
    done
    [[ ! $id =~ ^[0-9]+$ ]] || echo "$id"
  done
}

read_property() { # FILE NAME
  sed -n "s/^$2:[[:space:]]*//p" "$1"
}

remove_devices() { # DEVICE...
  local device
  for device in "$@"; do
    ! mountpoint --quiet "$device" || umount "$device"
    rm -rf "$device"
  done
}

# Any program that opens the driver would recreate all devices without this.
keep_driver_from_adding_devices() {
  [[ -e $DRIVER/params ]] || return 0
  sed 's/^ModifyDeviceFiles: 1/ModifyDeviceFiles: 0/' "$DRIVER/params" >"$RUN/nvidia-params"
  mount --bind "$RUN/nvidia-params" "$DRIVER/params"
}
