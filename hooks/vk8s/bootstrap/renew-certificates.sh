#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Renews the certificates of a control plane that has been running for most of their life; see vk8s-certificates.timer.
set -euo pipefail
. "$(dirname "$0")/sentences.sh"

kubeadm certs renew all --config "$RUN/kubeadm.yaml" >>"$LOG/kubeadm.log" 2>&1
say "The certificates of the control plane are renewed; it restarts to use them."
# They are containers of static pods: the kubelet starts them again. Asked politely, the API server would wait a minute
# for its clients to leave. etcd reads its certificate for each connection.
pkill -KILL --exact 'kube-apiserver|kube-controller|kube-scheduler' || true
