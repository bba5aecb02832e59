# shellcheck shell=bash
# The certificates of a control plane that runs for longer than they are valid. Sourced by entrypoint.sh, master.sh and
# renew-certificates.sh.

KUBERNETES=/etc/kubernetes
HOUR=3600 DAY=$((24 * 3600))
# The API server makes one for itself alone when it starts: for three years, or for one before Kubernetes v1.34.
MOST=$((335 * DAY))

# How many seconds before their end they are renewed: when a third of their life is left, but a month is enough.
# None is used for longer than MOST.
find_margin() {
  local margin=$((CERTIFICATE_SECONDS / 3)) least=$((CERTIFICATE_SECONDS - MOST))
  margin=$((margin < 30 * DAY ? margin : 30 * DAY))
  echo $((margin > least ? margin : least))
}

# After how many seconds it is asked again whether they are to be renewed.
find_interval() {
  local quarter=$(($(find_margin) / 4))
  echo $((quarter < HOUR ? quarter : HOUR))
}

# After how many seconds a renewal that failed is tried again.
find_retry() {
  echo $(($(find_interval) / 4 + 1))
}

# Whether one of them, or of those in kubeconfigs, is near its end, or can't be read.
is_renewal_due() {
  local file margin
  margin=$(find_margin)
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

# kubeadm embeds the kubelet's first certificate in its kubeconfig. The kubelet renews it in a file of its own, and whoever
# read the kubeconfig afterwards, as a kubelet or flanneld that starts again, would be refused. kubeadm may be writing the file
# at this moment, to the same end.
follow_kubelet_certificate() {
  local file=$KUBERNETES/kubelet.conf text
  until grep --quiet "client-key: $CLIENT_CERTIFICATE" "$file"; do
    text=$(sed -E "s#client-(certificate|key)-data: .*#client-\1: $CLIENT_CERTIFICATE#" "$file")
    if [[ -e $CLIENT_CERTIFICATE && $text = *"client-key: "* ]]; then
      (umask 077 && write_file "$file" <<<"$text")
    else
      sleep 0.1
    fi
  done
}
