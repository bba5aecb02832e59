"""The part of a CompositeController that the fake Metacontroller implements. Any other field is rejected."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from testbed.metacontroller.duration import parse_duration
from testbed.metacontroller.endpoints import Access, EndpointConfig
from testbed.metacontroller.errors import RefusedError
from testbed.metacontroller.strict_json import Strict

_DEFAULT_TIMEOUT_NANOSECONDS: Final = 10_000_000_000
_NANOSECONDS: Final = 1e9


def _checked_duration(text: str) -> str:
    try:
        parse_duration(text)
    except RefusedError as error:
        raise ValueError(str(error)) from error
    return text


class ParentResource(Strict):
    """The kind of the parents."""

    api_version: str
    resource: str
    ignore_status_changes: bool = False


class UpdateStrategy(Strict):
    """What happens to a child that differs. Rolling* and Recreate are not implemented."""

    method: Literal["OnDelete", "InPlace"] | None = None


class ChildResource(Strict):
    """A kind of children."""

    api_version: str
    resource: str
    update_strategy: UpdateStrategy | None = None

    @property
    def is_updated_in_place(self) -> bool:
        """Whether children of this kind are ever updated."""
        return self.update_strategy is not None and self.update_strategy.method == "InPlace"


class ServiceReference(Strict):
    """Where a hook is, by Service."""

    name: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    port: int = 80
    protocol: str = "http"


class Webhook(Access):
    """Where a hook is, how it is reached, and how long it may take. No etag."""

    url: str | None = None
    service: ServiceReference | None = None
    path: str | None = None
    timeout: Annotated[str, AfterValidator(_checked_duration)] | None = None
    response_un_marshall_mode: Literal["strict"] | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> "Webhook":
        if self.url is None and (self.service is None or self.path is None):
            raise ValueError("must have either url, or both service and path")
        return self

    @property
    def address(self) -> str:
        """The URL to call: the short name of a Service, which a certificate has to be valid for."""
        if self.url is not None:
            return self.url
        if self.service is None or self.path is None:
            raise AssertionError
        service = self.service
        return f"{service.protocol}://{service.name}.{service.namespace}:{service.port}{self.path}"

    @property
    def timeout_seconds(self) -> float:
        """Seconds until a call is given up: 10 unless something positive is set."""
        nanoseconds = parse_duration(self.timeout) if self.timeout else 0
        return (nanoseconds if nanoseconds > 0 else _DEFAULT_TIMEOUT_NANOSECONDS) / _NANOSECONDS


class Hook(Strict):
    """One hook. Its version must be set: the CRD's default is v1, which is not implemented."""

    version: Literal["v2"]
    webhook: Webhook


class Hooks(Strict):
    """The hooks; only sync must be there."""

    sync: Hook
    finalize: Hook | None = None
    customize: Hook | None = None


class CompositeSpec(Strict):
    """The spec of a CompositeController, as far as it is implemented."""

    parent_resource: ParentResource
    child_resources: list[ChildResource] = Field(default_factory=list)
    hooks: Hooks
    endpoint_configs: list[EndpointConfig] = Field(default_factory=list)
    generate_selector: Literal[True]
    resync_period_seconds: int | None = None
