# shellcheck shell=bash
# What the host gives to a privileged pod and a node must not have. Each node hides it from itself. Sourced by
# entrypoint.sh.

HUGE_PAGES_DIRECTORY=/sys/kernel/mm/hugepages

# The kernel's log is that of the whole host: it names processes of others, and the kubelet would report them as events
# of this node. The kubelet does not start without the file, which some runtimes leave out.
hide_kernel_log() {
  [[ -e /dev/kmsg ]] || : >/dev/kmsg
  mount --bind /dev/null /dev/kmsg
}

# The kubelet offers all huge pages that the host has, and takes them off the memory that it offers. It shall know those
# of the pod alone: HUGE_PAGES, such as "2048kB=256 1048576kB=1".
hide_foreign_huge_pages() {
  local entry
  [[ -d $HUGE_PAGES_DIRECTORY ]] || return 0
  mount -t tmpfs -o mode=755,size=1M vk8s-huge-pages $HUGE_PAGES_DIRECTORY
  for entry in $HUGE_PAGES; do
    mkdir "$HUGE_PAGES_DIRECTORY/hugepages-${entry%=*}"
    echo "${entry#*=}" >"$HUGE_PAGES_DIRECTORY/hugepages-${entry%=*}/nr_hugepages"
  done
}

# Logs of pods inside: on the state volume, they don't count as the pod's ephemeral storage, and outlive it.
keep_pod_logs() {
  mkdir -p "$STATE/pod-logs" /var/log/pods
  mount --bind "$STATE/pod-logs" /var/log/pods
}
