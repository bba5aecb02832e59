# shellcheck shell=bash
# The certificates of a control plane that runs for longer than they are valid. Sourced by master.sh.

KUBERNETES=/etc/kubernetes

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
