"""The bootstrap files of a virtual cluster: the scripts, which are the same for all, and its own documents.

Their digest is in the name of the ConfigMap, so nothing in them depends on what an edit of the nodes may change: each
edit would create another ConfigMap. Such values are in the environment of each pod, and the node fills them in.
"""

from functools import lru_cache

from hooks.vk8s.node_config.components import (
    build_kube_proxy_configuration,
    build_kubelet_configuration,
    build_kubelet_pod_configuration,
)
from hooks.vk8s.node_config.documents import write_documents
from hooks.vk8s.node_config.environment import ENVIRONMENT_FILE, write_environment_script
from hooks.vk8s.node_config.kubeadm import (
    ClusterFacts,
    build_cluster_configuration,
    build_discovery_kubeconfig,
    build_init_configuration,
    build_join_configuration,
)
from hooks.vk8s.scripts import Scripts, build_scripts, join_scripts
from hooks.vk8s.spec.cluster import VirtualCluster


def build_boot_files(cluster: VirtualCluster, scripts: Scripts) -> Scripts:
    """The bootstrap files of the nodes of `cluster`, as one version."""
    kubernetes = cluster.spec.kubernetes
    facts = ClusterFacts(
        name=cluster.name,
        endpoint=cluster.endpoint,
        api_names=tuple(cluster.api_names),
        pod_cidr=kubernetes.pod_network_cidr,
        service_cidr=kubernetes.service_cidr,
    )
    return join_scripts(scripts, build_documents(facts))


# Writing YAML takes longer than the rest of a call. Each entry has a few kilobytes.
@lru_cache(maxsize=1024)
def build_documents(facts: ClusterFacts) -> Scripts:
    """The documents of a virtual cluster, by file name."""
    return build_scripts(
        {
            ENVIRONMENT_FILE: write_environment_script(),
            "discovery.yaml": write_documents(build_discovery_kubeconfig(facts)),
            "kubeadm-init.yaml": write_documents(
                build_init_configuration(),
                build_cluster_configuration(facts),
                build_kubelet_configuration(),
                build_kube_proxy_configuration(),
            ),
            "kubeadm-join.yaml": write_documents(build_join_configuration()),
            "kubelet-pod.yaml": write_documents(build_kubelet_pod_configuration()),
        }
    )
