#!/bin/bash
# First process of an access pod: checks what the pod was given, and becomes tini with sshd.
set -euo pipefail

fail() { # sentence
  echo "$1" >&2
  echo "$1" >/dev/termination-log || true # becomes the message of the container's state
  exit 1
}

# Reports everything that is missing at once, not one thing per restart.
check_pod() {
  local path missing=()
  [[ -n ${VK8S_NAME:-} ]] || missing+=("the environment variable VK8S_NAME")
  for path in /vk8s/ssh/ssh_host_ecdsa_key /vk8s/access/authorized_keys /vk8s/kubeconfig/config; do
    [[ -f $path ]] || missing+=("$path")
  done
  [[ ${#missing[@]} -eq 0 ]] || fail "The access pod can't start without what its pod has to give it: $(join "${missing[@]}")."
}

join() { # word...
  local list
  printf -v list '%s, ' "$@"
  echo "${list%, }"
}

write_motd() {
  cat >/etc/motd <<END
This is the access pod of the virtual cluster $VK8S_NAME.
\`kubectl get nodes\` shows its nodes. Files that you leave here are gone when the pod is replaced.
END
}

# Every readiness probe is a connection that says nothing; its two lines, every few seconds, would bury what matters.
drop_probes() {
  exec sed --unbuffered --regexp-extended 's/\r$//
    /^kex_exchange_identification: (Connection closed by remote host|read: Connection reset by peer)$/d
    /^Connection (closed|reset) by [0-9a-f.:]+ port [0-9]+$/d'
}

check_pod
write_motd
mkdir -p /run/sshd               # sshd locks its unprivileged half in there
touch /run/utmp /var/log/lastlog # without them, sshd complains on its owner's terminal
echo "The access pod of the virtual cluster $VK8S_NAME starts." >&2
exec 2> >(drop_probes >&2)
# sshd takes the first SetEnv only, so all variables are in one.
exec tini -- /usr/sbin/sshd -D -e -f /etc/vk8s/sshd_config \
  -o "SetEnv KUBECONFIG=/vk8s/kubeconfig/config VK8S_NAME=$VK8S_NAME LANG=C.UTF-8"
