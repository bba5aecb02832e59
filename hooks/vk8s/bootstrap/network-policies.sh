# shellcheck shell=bash
# NetworkPolicies inside, with cni: flannel: a program of the node image enforces them for the pods of this node. A node
# that can't boots all the same, and its Node has a condition that says so. Sourced by cni-flannel.sh.

POLICIES_PROGRAM=/usr/local/bin/network-policies # older node images don't have it
POLICIES_THERE=$STATE/network-policies           # written by the program while the cluster has policies
POLICIES_LACK=$RUN/no-network-policies           # written at boot if the kernel can't enforce them
POLICIES_REPORTED=$STATE/network-policies-lack   # exists while the Node has the condition
POLICIES_CONDITION=NetworkPoliciesEnforced
# With it, a control-plane node may change the cluster.
POLICIES_ADMIN=/etc/kubernetes/super-admin.conf

policies_arranged='' # not empty once the watcher has done it in this boot

check_policies_kernel() {
  [[ $NETWORK_POLICIES = true ]] || return 0
  check_policies || touch "$POLICIES_LACK" # in host.sh
}

# shellcheck disable=SC2154 # the script that sources this sets boot
print_policies_manifests() {
  [[ $NETWORK_POLICIES = true ]] || return 0
  echo ---
  cat "$boot/network-policies-access.yaml"
}

# Prints why policies are not enforced though they should be: a word, and a sentence. Nothing if they are.
explain_lack_of_policies() {
  if [[ ! -x $POLICIES_PROGRAM ]]; then
    echo "ImageTooOld The image of this node has no network-policies, so that NetworkPolicies are not enforced for its" \
      "pods: write a newer node image."
  elif [[ -e $POLICIES_LACK ]]; then
    echo "KernelWithoutIpset The kernel of this node's host does not have what NetworkPolicies need, so that they are not" \
      "enforced for its pods. In the host cluster, the first lines of kubectl logs $NODE_NAME say what to do."
  fi
}

# A cluster that had policies in the previous boot has them enforced as soon as there is a network.
start_policies_early() {
  [[ $NETWORK_POLICIES = true && -e $POLICIES_THERE && -z $(explain_lack_of_policies) ]] || return 0
  systemctl --no-block start network-policies
}

# Called by the watcher while the node is ready: the boot is over by then. What fails is tried again.
arrange_policies() {
  [[ $NETWORK_POLICIES = true && -z $policies_arranged ]] || return 0
  local lack
  lack=$(explain_lack_of_policies)
  if [[ -n $lack ]]; then
    report_lack_of_policies "${lack%% *}" "${lack#* }" || return 0
  else
    grant_policies && withdraw_lack_of_policies || return 0
    systemctl --no-block start network-policies
  fi
  policies_arranged=yes
}

# Clusters that were initialized by earlier versions have no role for it.
grant_policies() {
  [[ $ROLE = master ]] || return 0
  local code
  code=$(curl -s --max-time "$ANSWER_SECONDS" --output /dev/null --write-out '\n%{http_code}' \
    --cacert /etc/kubernetes/pki/ca.crt --cert /etc/kubernetes/pki/apiserver-kubelet-client.crt \
    --key /etc/kubernetes/pki/apiserver-kubelet-client.key \
    "https://$ENDPOINT:6443/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/network-policies") || return
  case ${code##*$'\n'} in
    200) ;;
    404)
      kubectl --kubeconfig "$POLICIES_ADMIN" apply --server-side --force-conflicts --validate=false \
        -f "$boot/network-policies-access.yaml" >>"$LOG/kubeadm.log" 2>&1
      ;;
    *) return 1 ;;
  esac
}

report_lack_of_policies() { # reason, sentence
  local now
  [[ -e $POLICIES_REPORTED ]] || say "$2"
  now=$(date --utc +%Y-%m-%dT%H:%M:%SZ)
  touch "$POLICIES_REPORTED"
  patch_policies_condition '"status": "False", "reason": "'"$1"'", "message": "'"$2"'", "lastHeartbeatTime": "'"$now"'",
    "lastTransitionTime": "'"$now"'"'
}

# shellcheck disable=SC2016 # the dollar is the API server's
withdraw_lack_of_policies() {
  [[ -e $POLICIES_REPORTED ]] || return 0
  patch_policies_condition '"$patch": "delete"' && rm "$POLICIES_REPORTED"
}

patch_policies_condition() { # fields, as JSON
  [[ $(ask --request PATCH --header 'Content-Type: application/strategic-merge-patch+json' --output /dev/null \
    --data '{"status": {"conditions": [{"type": "'"$POLICIES_CONDITION"'", '"$1"'}]}}' "$NODE_URL/status") = *200 ]]
}
