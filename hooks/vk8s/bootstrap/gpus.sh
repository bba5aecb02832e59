# shellcheck shell=bash
# Offers the GPUs of the node to pods inside, as nvidia.com/gpu. Sourced by entrypoint.sh.
#
# NVIDIA's programs are in a variant of the node image; the driver's libraries come from the host.

DEVICE_PLUGIN=/usr/local/bin/nvidia-device-plugin
DRIVER_LIBRARY=libnvidia-ml.so.1
CONTAINERD_CONFIG=/etc/containerd/config.toml
RUNTIME_CONFIG=/etc/nvidia-container-runtime/config.toml
KUBELET_WANTS=/etc/systemd/system/kubelet.service.wants

# Logs whether it does, if the pod has requested GPUs.
offer_gpus() {
  local problem
  ((${GPUS:-0} > 0)) || return 0
  problem=$(explain_gpu_problem)
  if [[ -n $problem ]]; then
    say "Pods inside get no nvidia.com/gpu: $problem"
    return
  fi
  install_gpu_runtime
  say "This node offers its GPUs to pods inside as nvidia.com/gpu (details: journalctl -u nvidia-device-plugin in the node)."
}

# Prints why pods inside can't use GPUs; nothing if they can.
explain_gpu_problem() {
  local seen
  mapfile -t seen < <(compgen -G "$DEVICES/nvidia[0-9]*")
  if [[ ! -x $DEVICE_PLUGIN ]]; then
    echo "this node's image has no device plugin. The image of the same version whose tag ends in -gpu has one."
  elif ((${#seen[@]} == 0)); then
    echo "the host has no device like $DEVICES/nvidia0. Is NVIDIA's driver loaded there?"
  elif ((${#seen[@]} > GPUS)); then
    # Pods inside would use GPUs of other nodes. Fewer are no mistake: they may be slices.
    echo "this node sees ${#seen[@]} GPUs, has requested $GPUS, and can't tell which those are. The host's device plugin" \
      "shows it with its device list strategy envvar or volume-mounts."
  elif ! has_driver_library; then
    echo "the driver's library $DRIVER_LIBRARY is not in this node. NVIDIA's container toolkit on the host mounts it," \
      "if that is the runtime of this pod: \`runtimeClassName: nvidia\` on many hosts."
  fi
}

# The host mounts libraries over files of the image, so the image's cache of libraries may not have them.
has_driver_library() {
  ldconfig 2>/dev/null
  [[ $(ldconfig --print-cache) = *$DRIVER_LIBRARY* ]]
}

# The device plugin is started with the kubelet.
# shellcheck disable=SC2154 # entrypoint.sh sets boot
install_gpu_runtime() {
  cat "$boot/containerd-gpu.toml" >>"$CONTAINERD_CONFIG"
  install -D "$boot/nvidia-container-runtime.toml" "$RUNTIME_CONFIG"
  mkdir -p "$KUBELET_WANTS"
  ln -sf ../nvidia-device-plugin.service "$KUBELET_WANTS/"
}
