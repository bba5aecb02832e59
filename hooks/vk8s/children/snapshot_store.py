"""Where snapshots are stored, as arguments, mounts and volumes of the program of images/backup.

What the owner provides is optional in the pod: the program says what is missing; a kubelet would only write an Event.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.model import S3Spec, SnapshotStore

PASSWORD: Final = "password"  # noqa: S105 the name of a file
# Of each container that opens a repository. restic keeps the list of all that is there, by whichever it was stored.
REPOSITORY_MEMORY: Final = "1Gi"
_CLAIM, _S3, _S3_CA, _PASSWORD = (f"/vk8s/{name}" for name in ("claim", "s3", "s3-ca", PASSWORD))


@dataclass(frozen=True)
class StoreAccess:
    """Access to a store, for one container. `prefix`: of the names of its volumes, unique in its pod."""

    store: SnapshotStore
    prefix: str = ""

    @property
    def digest(self) -> str:
        """Identifies the place and the password; the rest of spec.backup may change."""
        found = self.store.model_dump_json(include={"claim", "s3", "password_secret_ref"})
        return sha256(found.encode()).hexdigest()[:12]

    @property
    def arguments(self) -> list[str]:
        """Arguments of the program."""
        s3 = self.store.s3
        place = _list_s3_arguments(s3) if s3 else [f"--directory={_CLAIM}"]
        return [*place, *([f"--password-file={_PASSWORD}/{PASSWORD}"] if self.store.password_secret_ref else [])]

    def build_mounts(self, *, read_only: bool) -> list[Manifest]:
        """Mounts of the container. `read_only`: whether it only reads snapshots."""
        store, s3 = self.store, self.store.s3
        mounts = [
            self._mount("claim", _CLAIM, read_only=read_only) if store.claim else None,
            self._mount("s3", _S3) if s3 else None,
            self._mount("s3-ca", _S3_CA) if s3 and s3.ca_config_map_ref else None,
            self._mount(PASSWORD, _PASSWORD) if store.password_secret_ref else None,
        ]
        return [mount for mount in mounts if mount]

    def build_volumes(self) -> list[Manifest]:
        """Volumes of the pod."""
        store, s3, secret = self.store, self.store.s3, self.store.password_secret_ref
        ca = s3.ca_config_map_ref if s3 else None
        sources = {
            "claim": {"persistentVolumeClaim": {"claimName": store.claim.name}} if store.claim else None,
            "s3": {"secret": _build_secret(s3.credentials_secret_ref.name)} if s3 else None,
            "s3-ca": {"configMap": _build_source({"name": ca.name}, ca.key, "ca.crt")} if ca else None,
            PASSWORD: {"secret": _build_source({"secretName": secret.name}, secret.key, PASSWORD)} if secret else None,
        }
        return [{"name": f"{self.prefix}{name}", **source} for name, source in sources.items() if source]

    def _mount(self, name: str, path: str, *, read_only: bool = True) -> Manifest:
        more = {"readOnly": True} if read_only else {}
        return {"name": f"{self.prefix}{name}", "mountPath": path, **more}


def _list_s3_arguments(s3: S3Spec) -> list[str]:
    return [
        f"--s3-endpoint={s3.endpoint}",
        f"--s3-bucket={s3.bucket}",
        *([f"--s3-prefix={s3.prefix}"] if s3.prefix else []),
        *([f"--s3-region={s3.region}"] if s3.region else []),
        f"--s3-credentials={_S3}",
        *([f"--s3-ca={_S3_CA}/ca.crt"] if s3.ca_config_map_ref else []),
    ]


def _build_secret(name: str) -> Manifest:
    return {"secretName": name, "defaultMode": 0o440, "optional": True}


def _build_source(named: Manifest, key: str, path: str) -> Manifest:
    """One key of a Secret or ConfigMap, as a file."""
    return {**named, "items": [{"key": key, "path": path}], "defaultMode": 0o440, "optional": True}
