"""The control plane of a host cluster: etcd, API server, controller manager, scheduler."""

from pathlib import Path

from testbed import credentials, programs
from testbed.kubectl import Kubectl
from testbed.layout import API_PORT, SERVICE_CIDR, Testbed
from testbed.programs import Program
from testbed.waiting import wait_for

ETCD_URL = "http://127.0.0.1:7379"
API_SECONDS = 90
# Services of type LoadBalancer, routes and subnets of nodes are for a cloud; the one node needs none.
CONTROLLERS = "*,-node-ipam-controller,-node-route-controller,-service-lb-controller"


def start(testbed: Testbed, binaries: Path, kubectl: Kubectl) -> None:
    """Starts the control plane, and returns when its API answers and namespaces can be used."""
    credentials.create(testbed)
    for program in (build_etcd(testbed, binaries), build_api_server(testbed, binaries)):
        programs.start(testbed, program)
    wait_for(
        "the host's API server",
        lambda: kubectl.succeeds("get", "--raw=/readyz"),
        API_SECONDS,
        lambda: _explain(testbed),
    )
    programs.start(testbed, build_controller_manager(testbed, binaries))
    programs.start(testbed, build_scheduler(testbed, binaries))
    wait_for(
        "the service account of namespace default",
        lambda: kubectl.succeeds("get", "serviceaccount", "default"),
        API_SECONDS,
        lambda: programs.read_log(testbed, "kube-controller-manager"),
    )


def build_etcd(testbed: Testbed, binaries: Path) -> Program:
    """Etcd, for this testbed's API server alone."""
    return Program(
        "etcd",
        [
            f"{binaries}/etcd",
            f"--data-dir={testbed.state}/etcd",
            f"--listen-client-urls={ETCD_URL}",
            f"--advertise-client-urls={ETCD_URL}",
            "--listen-peer-urls=http://127.0.0.1:7380",
            # The data lives as long as the testbed; waiting for the disk would slow every write down.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
    )


def build_api_server(testbed: Testbed, binaries: Path) -> Program:
    """The API server, on the testbed's address."""
    return Program(
        "kube-apiserver",
        [
            f"{binaries}/kube-apiserver",
            f"--etcd-servers={ETCD_URL}",
            f"--secure-port={API_PORT}",
            "--bind-address=0.0.0.0",
            f"--advertise-address={testbed.address}",
            f"--cert-dir={testbed.state / credentials.CERTIFICATES}",
            f"--token-auth-file={testbed.state / credentials.TOKENS}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={testbed.state / credentials.ACCOUNT_PUBLIC_KEY}",
            f"--service-account-signing-key-file={testbed.state / credentials.ACCOUNT_KEY}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICE_CIDR}",
            # Node pods are privileged.
            "--allow-privileged",
            "--kubelet-preferred-address-types=InternalIP",
        ],
    )


def build_controller_manager(testbed: Testbed, binaries: Path) -> Program:
    """The controller manager: garbage collector, service accounts, volumes, endpoints."""
    return Program(
        "kube-controller-manager",
        [
            f"{binaries}/kube-controller-manager",
            f"--kubeconfig={testbed.kubeconfig}",
            f"--service-account-private-key-file={testbed.state / credentials.ACCOUNT_KEY}",
            f"--root-ca-file={testbed.state / credentials.CERTIFICATES}/apiserver.crt",
            "--allocate-node-cidrs=false",
            "--leader-elect=false",
            f"--controllers={CONTROLLERS}",
            f"--cert-dir={testbed.state / credentials.CERTIFICATES}/controller-manager",
        ],
    )


def build_scheduler(testbed: Testbed, binaries: Path) -> Program:
    """The scheduler."""
    return Program(
        "kube-scheduler",
        [
            f"{binaries}/kube-scheduler",
            f"--kubeconfig={testbed.kubeconfig}",
            "--leader-elect=false",
            f"--cert-dir={testbed.state / credentials.CERTIFICATES}/scheduler",
        ],
    )


def _explain(testbed: Testbed) -> str:
    return "\n".join(programs.read_log(testbed, name) for name in ("etcd", "kube-apiserver"))
