"""Where snapshots are, as a user writes it: a claim or a bucket, and the Secrets for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import click

from kubectl_vk8s import Manifest
from kubectl_vk8s.kubectl import NOT_FOUND, Kubectl, KubectlError
from kubectl_vk8s.problems import Exit, ProblemError

_FIELDS: Final = ("claim", "s3", "passwordSecretRef")
_OPTIONS: Final = (
    click.option("--claim", metavar="NAME", help="The claim with the snapshots, instead of spec.backup's target."),
    click.option("--s3-endpoint", metavar="URL", help="The S3 server with the snapshots, instead of spec.backup's."),
    click.option("--s3-bucket", metavar="NAME", help="The bucket there."),
    click.option("--s3-prefix", metavar="TEXT", help="What keys in the bucket begin with."),
    click.option("--s3-region", metavar="NAME", help="Region of the bucket."),
    click.option("--s3-credentials", metavar="SECRET", help="Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."),
    click.option("--s3-ca", metavar="CONFIGMAP", help="ConfigMap with the CA of the server, as ca.crt."),
    click.option("--password-secret", metavar="SECRET", help="Secret with the password of the snapshots."),
)


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """The options that say where snapshots are."""

    claim: str | None
    s3_endpoint: str | None
    s3_bucket: str | None
    s3_prefix: str | None
    s3_region: str | None
    s3_credentials: str | None
    s3_ca: str | None
    password_secret: str | None


def store_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declares them."""
    for option in reversed(_OPTIONS):
        option(function)
    return function


def build_store(asked: StoreOptions, known: Manifest) -> Manifest:
    """Fields of spec.restoreFrom: what is asked for, or else `known`, fields of a spec. ProblemError if none is."""
    place = _build_place(asked)
    kept: Manifest = {} if place else {field: known[field] for field in _FIELDS if field in known}
    if not place and not kept:
        raise ProblemError(
            "Where are the snapshots? Write --claim NAME; or --s3-endpoint URL, --s3-bucket NAME and "
            "--s3-credentials SECRET.",
            Exit.USAGE,
        )
    password: Manifest = {"passwordSecretRef": {"name": asked.password_secret}} if asked.password_secret else {}
    return {**kept, **place, **password}


def _build_place(asked: StoreOptions) -> Manifest:
    s3 = _build_s3(asked)
    if s3 and asked.claim:
        raise ProblemError("Write either --claim or the options of S3.", Exit.USAGE)
    return {"s3": s3} if s3 else {"claim": {"name": asked.claim}} if asked.claim else {}


def _build_s3(asked: StoreOptions) -> Manifest:
    needed = (asked.s3_endpoint, asked.s3_bucket, asked.s3_credentials)
    if not any([*needed, asked.s3_prefix, asked.s3_region, asked.s3_ca]):
        return {}
    if not all(needed):
        raise ProblemError("A bucket needs --s3-endpoint, --s3-bucket and --s3-credentials.", Exit.USAGE)
    return {
        "endpoint": asked.s3_endpoint,
        "bucket": asked.s3_bucket,
        **({"prefix": asked.s3_prefix} if asked.s3_prefix else {}),
        **({"region": asked.s3_region} if asked.s3_region else {}),
        "credentialsSecretRef": {"name": asked.s3_credentials},
        **({"caConfigMapRef": {"name": asked.s3_ca}} if asked.s3_ca else {}),
    }


def describe_store(store: Manifest) -> str:
    """The store, in words of its fields."""
    s3 = store.get("s3")
    return f"bucket {s3['bucket']} at {s3['endpoint']}" if s3 else f"claim {store['claim']['name']}"


def check_store(kubectl: Kubectl, store: Manifest) -> None:
    """ProblemError with all that is not there. What this user may not read counts as there: the node says if not."""
    missing = [f"{kind} {name}" for kind, name in _list_needed(store) if _is_missing(kubectl, kind, name)]
    if missing:
        raise ProblemError(
            f"The namespace of the new virtual cluster has no {', and no '.join(missing)}, which the snapshot is read "
            "with. Nothing has been changed.",
            Exit.NOT_FOUND,
        )


def _list_needed(store: Manifest) -> Iterator[tuple[str, str]]:
    s3 = store.get("s3") or {}
    found = (
        ("PersistentVolumeClaim", store.get("claim")),
        ("Secret", s3.get("credentialsSecretRef")),
        ("ConfigMap", s3.get("caConfigMapRef")),
        ("Secret", store.get("passwordSecretRef")),
    )
    yield from dict.fromkeys((kind, str(reference["name"])) for kind, reference in found if reference)


def _is_missing(kubectl: Kubectl, kind: str, name: str) -> bool:
    try:
        # The content of a Secret is none of this command's business.
        kubectl.run("get", kind, name, "--output=name")
    except KubectlError as error:
        return error.reason == NOT_FOUND
    return False
