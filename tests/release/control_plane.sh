#!/usr/bin/env bash
# In the files of a node image, with mounts and a network of its own: starts etcd and the API server of the image, as
# kubeadm's manifests say, and prints what the API server says of itself once it is ready.
set -euo pipefail
configuration=/tmp/kubeadm.yaml manifests=/etc/kubernetes/manifests
ip link set lo up
ip address add 192.0.2.1/32 dev lo
cat >$configuration <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 192.0.2.1}
nodeRegistration: {name: node}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $(kubeadm version --output short)
END
kubeadm init phase certs all --config $configuration >/dev/null
kubeadm init phase etcd local --config $configuration >/dev/null
kubeadm init phase control-plane apiserver --config $configuration >/dev/null

start() { # manifest program
  local program arguments
  program=$(find /opt/vk8s/store -path "*/fs/usr/local/bin/$2")
  mapfile -t arguments < <(sed -n 's/^    - --/--/p' "$manifests/$1.yaml")
  "$program" "${arguments[@]}" >"/tmp/$2.log" 2>&1 &
}

start etcd etcd
start kube-apiserver kube-apiserver
answer=
until [[ $answer = ok ]]; do
  if [[ $(jobs -r | wc -l) -lt 2 ]]; then tail -n 5 /tmp/*.log >&2; exit 1; fi
  answer=$(curl --silent --max-time 10 --cacert /etc/kubernetes/pki/ca.crt https://192.0.2.1:6443/readyz) || sleep 1
done
curl --silent --cacert /etc/kubernetes/pki/ca.crt https://192.0.2.1:6443/version
