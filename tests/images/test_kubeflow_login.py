"""Step login of the Kubeflow installer, with a fake of Kubeflow's gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.gateway import FORM, LOGIN, Gateway, serve
from tests.images.installer import PASSWORD, Installer

EMAIL = "ann+k8s@example.org"


@pytest.fixture
def installer(bundle: Path, tmp_path: Path) -> Installer:
    return Installer(tmp_path, bundle, {"KUBEFLOW_EMAIL": EMAIL})


@pytest.mark.parametrize(
    "gateway",
    [
        Gateway(EMAIL, PASSWORD),
        Gateway(EMAIL, PASSWORD, sign_in_page=False),
        Gateway(EMAIL, PASSWORD, pages={"/dex/auth": (200, "<a href=/dex/auth/local>by e-mail</a>")}),
    ],
    ids=["by a page with a button", "at once", "with a choice"],
)
def test_login_is_checked_as_a_user_does_it(installer: Installer, gateway: Gateway) -> None:
    with serve(gateway):
        assert installer.run("login", KUBEFLOW_URL=gateway.address) == (0, "Step login is done.\n")
        assert installer.run("login", KUBEFLOW_URL=f"{gateway.address}/")[0] == 0


def test_password_in_a_line_of_its_own(installer: Installer) -> None:
    installer.password.write_text(f"{PASSWORD}\n")
    with serve(Gateway(EMAIL, PASSWORD)) as gateway:
        assert installer.run("login", KUBEFLOW_URL=gateway.address)[0] == 0


@pytest.mark.parametrize("status", [200, 401])
def test_wrong_password_is_reported(installer: Installer, status: int) -> None:
    with serve(Gateway(EMAIL, "another", refuses_with=status)) as gateway:
        message = installer.run_in_vain("login", KUBEFLOW_URL=gateway.address)
    assert f"Dex does not let {EMAIL} in with the password of the Secret" in message
    assert f"HTTP {status}" in message


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        ({"/": (503, "no healthy upstream")}, "{}/ answers HTTP 503, and not with Dex's login form"),
        ({"/": (200, "hello")}, "{}/ answers HTTP 200, and not with Dex's login form"),
        (
            {"/dex/auth/local/login": (404, "")},
            "{}/dex/auth/local/login answers HTTP 404, and not with Dex's login form",
        ),
        ({"/oauth2/callback": (500, "")}, "is logged in, but {}/oauth2/callback answers HTTP 500"),
        ({"POST": (303, "/dex/approval?req=x"), "/dex/approval": (200, "Grant")}, "is logged in, but {}/dex/approval"),
        ({"/": (302, "/")}, "{} does not answer: Maximum (20) redirects followed"),
    ],
    ids=["away", "open", "no form", "callback", "approval", "circle"],
)
def test_another_answer_is_reported(installer: Installer, pages: dict[str, tuple[int, str]], sentence: str) -> None:
    with serve(Gateway(EMAIL, PASSWORD, pages=pages)) as gateway:
        message = installer.run_in_vain("login", KUBEFLOW_URL=gateway.address)
        assert sentence.format(gateway.address) in message
        assert "secret" not in message


def test_page_that_is_the_form_again(installer: Installer) -> None:
    with serve(Gateway(EMAIL, PASSWORD, pages={"/oauth2/callback": (200, FORM)})) as gateway:
        assert "shows its login form again" in installer.run_in_vain("login", KUBEFLOW_URL=gateway.address)


@pytest.fixture
def thief() -> Iterator[Gateway]:
    """Somebody else's page that looks like the login form, and would let anybody in."""
    with serve(Gateway(EMAIL, PASSWORD, pages={LOGIN.partition("?")[0]: (200, FORM)})) as other:
        yield other


def test_password_is_given_to_no_other_address(installer: Installer, thief: Gateway) -> None:
    with serve(Gateway(EMAIL, PASSWORD, pages={"/dex/auth": (302, f"{thief.address}{LOGIN}")})) as gateway:
        message = installer.run_in_vain("login", KUBEFLOW_URL=gateway.address)
    place = f"{thief.address}/dex/auth/local/login"
    assert message == f"{gateway.address} leads to a login form at {place}: the password is given to no other address"
    assert thief.told == []


@pytest.mark.parametrize("status", [307, 308])
def test_redirect_does_not_send_the_password_on(installer: Installer, thief: Gateway, status: int) -> None:
    with serve(Gateway(EMAIL, PASSWORD, pages={"POST": (status, f"{thief.address}{LOGIN}")})) as gateway:
        assert "shows its login form again" in installer.run_in_vain("login", KUBEFLOW_URL=gateway.address)
        assert len(gateway.told) == 1
    assert thief.told == []


@pytest.mark.parametrize("consent", [None, "", "false", "yes"])
def test_secret_of_others_needs_their_consent(installer: Installer, tmp_path: Path, consent: str | None) -> None:
    path = tmp_path / "consent"
    if consent is not None:
        path.write_text(consent)
    with serve(Gateway(EMAIL, PASSWORD)) as gateway:
        message = installer.run_in_vain("login", KUBEFLOW_URL=gateway.address, KUBEFLOW_CONSENT_FILE=str(path))
        assert message.startswith("the Secret has no key vk8s-kubeflow with value true")
        assert gateway.told == []
        path.write_text("true\n")
        assert installer.run("login", KUBEFLOW_URL=gateway.address, KUBEFLOW_CONSENT_FILE=str(path))[0] == 0


def test_missing_server_is_reported(installer: Installer) -> None:
    message = installer.run_in_vain("login", KUBEFLOW_URL="http://127.0.0.1:1")
    assert message.startswith("http://127.0.0.1:1 does not answer: Failed to connect to 127.0.0.1 port 1")
