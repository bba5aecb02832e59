"""The reasons that are values of a metric's label, as in docs/troubleshooting.md. All others count as `other`."""

from typing import Final

OTHER: Final = "other"
_OF_VK8S: Final = (
    "AddressIgnored",
    "Adopted",
    "AwaitsAdoption",
    "BackupFailed",
    "BackupImageNotSet",
    "BackupKeyInvalid",
    "BackupMissed",
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
    "QuorumLost",
    "RestoreFailed",
    "Restoring",
    "Retained",
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
_OF_NODES: Final = ("Booting", "Failed", "HostUnreachable", "Leaving", "Paused", "Starting", "VolumePending", "Waiting")
# The most telling ones of kubelet and scheduler.
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
