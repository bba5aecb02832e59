"""Links of pages, as they have to be in the site."""

import pytest

from docs.tools.links import find_page, locate, rewrite


def refuse(warning: str) -> None:
    raise AssertionError(warning)


@pytest.mark.parametrize(
    ("page", "link", "rewritten"),
    [
        ("index.md", "[a](docs/status.md)", "[a](status.md)"),
        ("index.md", "[a](docs/status.md#conditions)", "[a](status.md#conditions)"),
        ("index.md", "![a](docs/pictures/boot.svg)", "![a](pictures/boot.svg)"),
        ("index.md", "[a](SECURITY.md)", "[a](security.md)"),
        ("index.md", "[a](docs/decisions)", "[a](decisions/index.md)"),
        ("status.md", "[a](ip-manager.md)", "[a](ip-manager.md)"),
        ("how-to/scale.md", "[a](../troubleshooting.md#evicted)", "[a](../troubleshooting.md#evicted)"),
        ("how-to/gpu.md", "[a](../../README.md)", "[a](../index.md)"),
        ("installation.md", "[a role](../metacontroller/roles.yaml)", "a role (`metacontroller/roles.yaml`)"),
        ("installation.md", "[metacontroller/](../metacontroller)", "metacontroller/ (`metacontroller`)"),
        ("index.md", "[examples/local.yaml](examples/local.yaml)", "`examples/local.yaml`"),
        ("index.md", "[`local.yaml`](examples/local.yaml)", "`examples/local.yaml`"),
        ("status.md", "[a](https://example.com/x.md)", "[a](https://example.com/x.md)"),
        ("status.md", "[a](#conditions)", "[a](#conditions)"),
        ("status.md", "```\n[a](../nowhere)\n```", "```\n[a](../nowhere)\n```"),
    ],
)  # fmt: skip
def test_link_is_right_in_the_site(page: str, link: str, rewritten: str) -> None:
    assert rewrite(link, page, refuse) == rewritten


def test_broken_link_is_reported() -> None:
    told: list[str] = []
    rewrite("[a](../nowhere.yaml)", "how-to/gpu.md", told.append)
    assert told == ["how-to/gpu.md has a link to ../nowhere.yaml, and there is no docs/nowhere.yaml"]


@pytest.mark.parametrize("target", ["/etc/hosts", "../"])
def test_link_out_of_the_project_is_reported(target: str) -> None:
    told: list[str] = []
    rewrite(f"[a]({target})", "index.md", told.append)
    assert len(told) == 1


def test_page_is_found_both_ways() -> None:
    for page in ("index.md", "security.md", "how-to/gpu.md"):
        assert find_page(locate(page)) == page
