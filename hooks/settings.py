"""What an operator of the hooks may set. Read from the environment once, at start, by `__main__`."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

# Not `VK8S_` alone: the host cluster gives each pod variables that are named after the Services of its namespace.
PREFIX = "VK8S_SETTING_"
# At least a minute, as clocks differ. Fractions make it possible to watch a renewal.
Days = Annotated[float, Field(ge=1 / 1440, le=36500)]
HostCni = Literal["calico", "kube-ovn"]
LogFormat = Literal["text", "json"]
_BYTES_PER_MIB = 1024 * 1024


def _split(value: object) -> object:
    """The words between commas and white space, if the value is a string."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _split_networks(value: object) -> object:
    """The IPv4 networks in a string. IPv6 networks are dropped: no virtual cluster could overlap them."""
    if not isinstance(value, str):
        return value
    try:
        networks = [ip_network(word) for word in value.replace(",", " ").split()]
    except ValueError as error:
        sentence = "write networks such as 10.244.0.0/16,10.96.0.0/12; {reason}"
        raise PydanticCustomError("networks", sentence, {"reason": str(error)}) from error
    return tuple(network for network in networks if isinstance(network, IPv4Network))


def _check_installer(image: str) -> str:
    """The image, if its reference depends on the version."""
    if "{version}" not in image:
        sentence = "write {part} where the version belongs, as in registry.example.com/vk8s/kubeflow-installer:{part}"
        raise PydanticCustomError("installer", sentence, {"part": "{version}"})
    return image


Installer = Annotated[str, AfterValidator(_check_installer)]
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Networks = Annotated[tuple[IPv4Network, ...], BeforeValidator(_split_networks)]


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
        default=365,
        description="Validity of the certificates in the nodes, in days. It applies to pods that are created later.",
    )

    node_probe_seconds: int = Field(
        default=1,
        ge=1,
        le=60,
        description="Period of the startup probe of node pods, in seconds. Raise it if hosts are slow to start a"
        " process. It applies to pods that are created later.",
    )
    ip_manager: bool = Field(
        default=False,
        description="Whether node pods get addresses from IPPools; the resources of address pools must be installed.",
    )
    host_cni: HostCni = Field(
        default="calico",
        description="The network of the host cluster: each reads a pod's address from an annotation of its own.",
    )
    namespace_rules: bool = Field(
        default=False,
        description="Whether Metacontroller sends the ResourceQuotas and LimitRanges of the namespace, so that the"
        " status reports what they refuse; its role must allow it to watch them.",
    )
    network_policy: bool = Field(
        default=True,
        description="Whether a NetworkPolicy limits who may connect to the pods of a virtual cluster.",
    )
    allowed_images: Words = Field(
        default=(),
        description="Images that node pods and access pods may have: patterns for the whole reference as written in the"
        " spec, separated by commas, in which * stands for any text. Without patterns, every image is allowed.",
    )
    host_cidrs: Networks = Field(
        default=(),
        description="The networks of the host cluster's pods, Services and nodes, separated by commas. The networks of"
        " a new virtual cluster must not overlap them. IPv6 is ignored.",
    )

    kubeflow_installer_image: Installer | None = Field(
        default=None,
        description="Image that installs Kubeflow, built by images/kubeflow-installer; {version} in it is replaced by"
        " the version in the spec. Without this setting, Kubeflow can't be installed.",
    )

    backup_image: str | None = Field(
        default=None,
        min_length=1,
        description="Image that takes backups, built by images/backup. Without it, spec.backup has no effect.",
    )

    tls_cert_file: Path | None = Field(
        default=None,
        description="PEM file with the certificate of the hooks and its intermediates; with it, the hooks serve HTTPS "
        "only. Read again when it changes.",
    )
    tls_key_file: Path | None = Field(
        default=None, description="PEM file with the key of that certificate, without a passphrase."
    )
    token_file: Path | None = Field(
        default=None,
        description="File with the bearer tokens that the hooks accept, one per line, each of at least 32 characters. "
        "Read again when it changes. Without this setting, no token is required.",
    )
    max_body_mib: int = Field(default=20, ge=1, le=1024, description="Largest body of a call for a Vk8s, in MiB.")
    max_pool_body_mib: int = Field(
        default=64, ge=1, le=1024, description="Largest body of a call for an IPPool, which holds every Vk8s, in MiB."
    )
    max_bodies_mib: int = Field(
        default=128,
        ge=1,
        le=8192,
        description="Bodies that may be in memory at the same time, in MiB; there is always room for one of the"
        " largest. The memory limit must be several times that.",
    )
    body_seconds: float = Field(
        default=30, ge=0.1, le=600, description="How long the body of a call may take to arrive, in seconds."
    )
    log_format: LogFormat = Field(
        default="text", description="How log lines are written: `text` for people, `json` for programs."
    )

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            sentence = f"{PREFIX}TLS_CERT_FILE and {PREFIX}TLS_KEY_FILE belong together: set both or neither"
            raise PydanticCustomError("pair", "{sentence}", {"sentence": sentence})
        return self

    @property
    def max_body_bytes(self) -> int:
        """Largest body of a call for a Vk8s."""
        return self.max_body_mib * _BYTES_PER_MIB

    @property
    def max_pool_body_bytes(self) -> int:
        """Largest body of a call for an IPPool."""
        return self.max_pool_body_mib * _BYTES_PER_MIB

    @property
    def max_bodies_bytes(self) -> int:
        """All bodies that are in memory at the same time; there is always room for one."""
        return max(self.max_bodies_mib, self.max_body_mib, self.max_pool_body_mib) * _BYTES_PER_MIB

    @property
    def ca_validity(self) -> timedelta:
        """How long the CAs of a virtual cluster are valid."""
        return timedelta(days=self.ca_days)

    @property
    def node_certificate_validity(self) -> timedelta:
        """How long the certificates of a control plane are valid; each boot issues new ones, and so does a timer."""
        return timedelta(days=self.node_certificate_days)

    @property
    def kubeconfig_validity(self) -> timedelta:
        """How long the client certificate of a kubeconfig is valid."""
        return timedelta(days=self.kubeconfig_days)


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from `VK8S_SETTING_*` variables. ValidationError for a wrong value, and for an unknown name."""
    return Settings.model_validate(
        {key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX)}
    )


def describe_problems(error: ValidationError) -> Iterator[str]:
    """A message for each problem that `parse_settings` found, without the value."""
    for details in error.errors(include_input=False):
        name = "_".join(str(part) for part in details["loc"]).upper()
        if details["type"] == "extra_forbidden":
            near = get_close_matches(name, map(str.upper, Settings.model_fields), n=1)
            advice = f"did you mean {PREFIX}{near[0]}? " if near else ""
            yield f"The environment variable {PREFIX}{name} is not a setting; {advice}docs/operations.md lists them."
        else:
            yield (
                f"The environment variable {PREFIX}{name} can't be used: {details['msg']}."
                if name
                else f"{details['msg']}."
            )
