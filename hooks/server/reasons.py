"""The reasons that metrics tell apart, as docs/troubleshooting.md explains them. Any other word comes from outside."""

from typing import Final

OTHER: Final = "other"
_OF_VK8S: Final = (
    "AddressIgnored",
    "Adopted",
    "BeingMade",
    "CAExpired",
    "CANotYetValid",
    "ChildImmutable",
    "ChildMissing",
    "IPManagerOff",
    "Installing",
    "InstallerNotSet",
    "InvalidSpec",
    "LimitRange",
    "NoMaster",
    "NoNodes",
    "NotSelected",
    "PKIInvalid",
    "PKILost",
    "PoolExhausted",
    "PoolInvalid",
    "PoolNotFound",
    "PoolTerminating",
    "PoolsNotSent",
    "PortClosed",
    "StateAtRisk",
    "StateLost",
    "Suspended",
    "QuotaExceeded",
    "Terminating",
    "VersionMismatch",
    "WaitingForAddress",
    "WaitingForNodes",
)
_OF_IPPOOLS: Final = ("Exhausted", "ShareExhausted")
_OF_NODES: Final = ("Booting", "Failed", "Leaving", "Paused", "Starting", "VolumePending", "Waiting")
# Those of kubelet and scheduler that tell most.
_OF_KUBERNETES: Final = (
    "ContainerCreating",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "Evicted",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
    "SchedulerError",
    "SchedulingGated",
    "Unschedulable",
)
REASONS: Final = frozenset((*_OF_VK8S, *_OF_IPPOOLS, *_OF_NODES, *_OF_KUBERNETES))
