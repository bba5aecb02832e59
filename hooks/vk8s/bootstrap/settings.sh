# shellcheck shell=bash
# Settings of a node that depend on its pod, written at each boot. Sourced by boot.sh.

# What the node's own processes take in addition to nested pods (systemd, containerd and its shims, kubelet, flanneld:
# 80 MiB measured on an idle worker) and what they write to /run. The kubelet's eviction threshold is added to it.
MEMORY_HEADROOM=$((128 * 1024 * 1024))
# The control plane's static pods and CoreDNS request this much. CPU can be shared, so with a smaller limit they run
# slowly; on a smaller Node the kubelet would reject them.
LEAST_MASTER_CPU_MILLIS=1000

# The kubelet assumes that it has the whole machine. What the pod may not use is reserved, so that the Node offers what
# the pod has. The host may be another one after each boot.
# shellcheck disable=SC2034,SC2154 # for render
write_kubelet_settings() {
  local memory cpu pages least=0 RESERVED_CPU RESERVED_MEMORY
  [[ $ROLE != master ]] || least=$LEAST_MASTER_CPU_MILLIS
  memory=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) * 1024))
  cpu=$(($(getconf _NPROCESSORS_ONLN) * 1000))
  RESERVED_CPU=$(positive $((cpu - $(larger "$CPU_LIMIT_MILLIS" $least))))m
  pages=$(count_huge_page_bytes)
  RESERVED_MEMORY=$(($(positive $((memory - MEMORY_LIMIT_BYTES - pages))) + MEMORY_HEADROOM))
  mkdir -p "$RUN/kubelet.conf.d"
  render "$boot/kubelet-pod.yaml" >"$RUN/kubelet.conf.d/10-pod.conf"
  write_resolver
}

# The kubelet takes them off the memory that it offers, and they are not part of the pod's limit.
count_huge_page_bytes() {
  local entry bytes=0
  for entry in $HUGE_PAGES; do bytes=$((bytes + ${entry%kB=*} * 1024 * ${entry#*=})); done
  echo $bytes
}

# Pods inside ask the host cluster's DNS through CoreDNS, but its search domains are not theirs: a name such as `db`, or
# one that a wildcard there answers, would be somebody else's.
write_resolver() {
  grep '^nameserver' /etc/resolv.conf >"$RUN/resolv.conf" || true
}

# Programs of this node that connect to the endpoint connect to the node itself.
map_endpoint_to_self() {
  # The file is a mount: it can be written, but not replaced.
  grep -q " $ENDPOINT\$" /etc/hosts || echo "127.0.0.1 $ENDPOINT" >>/etc/hosts
}

larger() {
  echo $(($1 > $2 ? $1 : $2))
}

positive() {
  larger "$1" 0
}

# kubeadm's output is only for finding errors; what it does is logged as a sentence.
run_kubeadm() {
  echo "--- kubeadm $*" >>"$LOG/kubeadm.log"
  kubeadm "$@" >>"$LOG/kubeadm.log" 2>&1
}

# Prints the first error that kubeadm wrote in this boot, if any.
find_error() {
  grep -a -m1 -A2 '^error' "$LOG/kubeadm.log" 2>/dev/null | tr -s '\n\t ' ' ' | cut -c1-300 | sed 's/[ .]*$//' || true
}

# The same, as the end of a sentence.
explain_error() {
  local error
  error=$(find_error)
  echo "${error:-kubeadm gave no reason}"
}
