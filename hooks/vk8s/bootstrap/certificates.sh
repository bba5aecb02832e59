# shellcheck shell=bash
# The certificates of a control plane that runs for longer than they are valid. Sourced by entrypoint.sh, master.sh and
# renew-certificates.sh.

KUBERNETES=/etc/kubernetes
HOUR=3600 DAY=$((24 * 3600))
# At its start, the API server issues one for itself: for three years, or for one year before Kubernetes v1.34.
MOST=$((335 * DAY))

# Prints how many seconds before they expire they are renewed: when a third of their validity is left, but at most a
# month. None is used for longer than MOST.
find_margin() {
  local margin=$((CERTIFICATE_SECONDS / 3)) least=$((CERTIFICATE_SECONDS - MOST))
  margin=$((margin < 30 * DAY ? margin : 30 * DAY))
  echo $((margin > least ? margin : least))
}

# Prints how many seconds later this node renews its certificates than the margin says, if it is one of several: those
# that booted at the same time must not restart their API servers at the same time. It follows from the name of the
# node, so that none has to ask another.
find_delay() {
  local most hash
  [[ -n $ETCD_SERVICE ]] || { echo 0 && return; }
  most=$(find_margin)
  most=$(((most < 30 * DAY ? most : 30 * DAY) / 2))
  hash=$(printf %s "$NODE_NAME" | sha256sum)
  echo $((16#${hash:0:12} % most))
}

# Prints the seconds between two checks whether they have to be renewed.
find_interval() {
  local quarter=$(($(find_margin) / 4))
  echo $((quarter < HOUR ? quarter : HOUR))
}

# Prints the seconds after which a failed renewal is retried.
find_retry() {
  echo $(($(find_interval) / 4 + 1))
}

# Whether one of them, or of those in kubeconfigs, is about to expire, or can't be read.
is_renewal_due() {
  local file margin
  margin=$(($(find_margin) - $(find_delay)))
  for file in "$KUBERNETES"/pki/{,etcd/}*.crt "$KUBERNETES"/*.conf; do
    case ${file##*/} in ca.crt | front-proxy-ca.crt | kubelet.conf) continue ;; esac
    read_certificate "$file" | openssl x509 -noout -checkend "$margin" >/dev/null 2>&1 || return 0
  done
  return 1
}

read_certificate() { # certificate or kubeconfig
  case $1 in
    *.conf) sed -n 's/^ *client-certificate-data: //p' "$1" | base64 --decode ;;
    *) cat "$1" ;;
  esac
}

# kubeadm embeds the kubelet's first certificate in its kubeconfig. The kubelet renews it in a file of its own, so a
# kubelet or flanneld that reads the kubeconfig later, after a restart, would be rejected. kubeadm may be writing the
# file at this moment, to the same effect. In a boot that is retried, the API server of the failed one may answer before
# kubeadm has written it at all.
follow_kubelet_certificate() {
  local file=$KUBERNETES/kubelet.conf text
  until
    text=''
    { IFS= read -rd '' text <"$file"; } 2>/dev/null || true
    [[ $text = *"client-key: $CLIENT_CERTIFICATE"* ]]
  do
    # No process is started before there is something to do.
    if [[ -e $CLIENT_CERTIFICATE && $text = *"client-key-data: "* ]]; then
      text=$(sed -E "s#client-(certificate|key)-data: .*#client-\1: $CLIENT_CERTIFICATE#" <<<"$text")
      (umask 077 && write_file "$file" <<<"$text")
    else
      sleep 0.1
    fi
  done
}
