"""What an operator of the hooks may set. Read from the environment once, at start, by `__main__`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Not `VK8S_` alone: the host cluster gives each pod variables that are named after the Services of its namespace.
PREFIX = "VK8S_SETTING_"
# A minute at least, as clocks differ; fractions are for those who want to see a renewal.
Days = Annotated[float, Field(ge=1 / 1440, le=36500)]
HostCni = Literal["calico", "kube-ovn"]


class Settings(BaseModel):
    """Settings of one hooks process. Each comes from an environment variable: `VK8S_SETTING_`, then its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cluster_domain: str = Field(
        default="cluster.local",
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        description="DNS domain of the host cluster; the API endpoint of a virtual cluster is a name in it.",
    )
    ca_days: Days = Field(default=3650, description="Validity of the three CAs of a virtual cluster, in days.")
    kubeconfig_days: Days = Field(
        default=365, description="Validity of the certificate in the kubeconfig Secret, in days."
    )
    node_certificate_days: Days = Field(
        default=365, description="Validity of the certificates in the nodes, in days; for pods made from now on."
    )

    ip_manager: bool = Field(
        default=False,
        description="Whether node pods get addresses of IPPools; the resources of the ip-manager must be installed.",
    )
    host_cni: HostCni = Field(
        default="calico",
        description="Which network the host cluster has: it is told a pod's address in an annotation of its own.",
    )

    @property
    def ca_validity(self) -> timedelta:
        """How long the CAs of a virtual cluster live."""
        return timedelta(days=self.ca_days)

    @property
    def node_certificate_validity(self) -> timedelta:
        """How long the certificates of a control plane live; each boot makes new ones, and so does a timer."""
        return timedelta(days=self.node_certificate_days)

    @property
    def kubeconfig_validity(self) -> timedelta:
        """How long the client certificate of a kubeconfig lives before it is renewed for the last time."""
        return timedelta(days=self.kubeconfig_days)


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from `VK8S_SETTING_*` variables; pydantic's ValidationError also for a name that is no setting."""
    return Settings.model_validate(
        {key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX)}
    )
