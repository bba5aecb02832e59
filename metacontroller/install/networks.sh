# shellcheck shell=bash
# What the hooks should know of the host cluster, found out from outside: they have no permission to look for
# themselves.

# The networks of Services, pods and nodes, IPv4 only, separated by commas.
find_host_cidrs() {
  { find_service_cidrs && find_pod_cidrs && find_node_networks; } | tr -s ' ,' '\n' |
    { grep -E '^([0-9]+\.){3}[0-9]+/[0-9]+$' || true; } | sort -u | paste -sd , -
}

find_service_cidrs() {
  local found refusal
  found=$(kube get servicecidrs --output='jsonpath={.items[*].spec.cidrs[*]}' 2>/dev/null || true)
  if [[ -z $found ]]; then
    # Before Kubernetes 1.33, only a rejection shows it: "The range of valid IPs is 10.96.0.0/12".
    refusal=$(kube create service clusterip vk8s-probe --clusterip=192.0.2.1 --tcp=80 --dry-run=server 2>&1 || true)
    found=$(sed -n 's/.*range of valid IPs is \([0-9./]*\).*/\1/p' <<<"$refusal")
  fi
  echo "$found"
}

# As the network of the cluster was set up; the ranges of the nodes that are there where nothing says it.
find_pod_cidrs() {
  local found
  found=$(
    kube get ippools.crd.projectcalico.org --output='jsonpath={.items[*].spec.cidr}' 2>/dev/null
    echo
    kube get subnets.kubeovn.io --output='jsonpath={.items[*].spec.cidrBlock}' 2>/dev/null
    echo
    kube get configmap cilium-config --namespace=kube-system --output='jsonpath={.data.cluster-pool-ipv4-cidr}' 2>/dev/null
    echo
    kube get configmap kubeadm-config --namespace=kube-system --output='jsonpath={.data.ClusterConfiguration}' 2>/dev/null |
      sed -n 's/^ *podSubnet: *//p'
  ) || true
  [[ -n ${found//[[:space:]]/} ]] || found=$(kube get nodes --output='jsonpath={.items[*].spec.podCIDRs[*]}')
  echo "$found"
}

# Nodes come and go: the /24 around each counts.
find_node_networks() {
  kube get nodes --output='jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}' |
    tr -s ' ' '\n' | sed -nE 's/^(([0-9]+\.){3})[0-9]+$/\10\/24/p'
}

# The DNS domain, if kubeadm has recorded it.
find_cluster_domain() {
  { kube get configmap kubelet-config --namespace=kube-system --output='jsonpath={.data.kubelet}' 2>/dev/null || true; } |
    sed -n 's/^clusterDomain: *//p' | tr -d '"'
}

has_kube_ovn() {
  kube get crd subnets.kubeovn.io >/dev/null 2>&1
}

# ConfigMap vk8s-hooks-host, as YAML, with settings of the form NAME=VALUE; empty ones are left out.
print_config_map() { # SETTINGS
  cat <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: vk8s-hooks-host
  namespace: $SYSTEM_NAMESPACE
  labels: {app.kubernetes.io/part-of: vk8s}
data:
YAML
  for setting in "$@"; do
    [[ -z ${setting#*=} ]] || echo "  VK8S_SETTING_${setting%%=*}: \"${setting#*=}\""
  done
}

# An image of an earlier installation, where this one names the image of the hooks alone.
find_previous_image() { # SETTING
  kube get configmap vk8s-hooks-host --namespace="$SYSTEM_NAMESPACE" --ignore-not-found \
    --output="jsonpath={.data.VK8S_SETTING_$1}"
}

# The CRDs of address pools are always installed.
print_host_settings() {
  local cidrs domain installer=$KUBEFLOW_INSTALLER_IMAGE backup=$BACKUP_IMAGE cni=calico
  if has_kube_ovn; then cni=kube-ovn; fi
  # Not as arguments: what can't be found out ends the installation, where an argument would be empty.
  cidrs=$(find_host_cidrs)
  domain=$(find_cluster_domain)
  [[ -n $installer ]] || installer=$(find_previous_image KUBEFLOW_INSTALLER_IMAGE)
  [[ -n $backup ]] || backup=$(find_previous_image BACKUP_IMAGE)
  print_config_map IP_MANAGER=true NAMESPACE_RULES=true "HOST_CIDRS=$cidrs" "HOST_CNI=$cni" "CLUSTER_DOMAIN=$domain" \
    "KUBEFLOW_INSTALLER_IMAGE=$installer" "BACKUP_IMAGE=$backup"
}
