"""The steps objects and gateway of the Kubeflow installer, and what all steps do, with a fake cluster."""

import base64
import re
import time

import pytest

from testbed.waiting import wait_for
from tests.images.installer import PASSWORD, PATIENCE, Installer, build_hash

ALL = 12
HANG_SECONDS = 20
WEBHOOK = (
    "Error from server (InternalError): Internal error occurred: failed calling webhook "
    '"p.kubeflow.org": failed to call webhook: dial tcp 10.96.0.7:443: connect: connection refused'
)
UNKNOWN = """Warning: old
error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Profile" in version \
"kubeflow.org/v1"
ensure CRDs are installed first"""
PROFILE = "Profile kubeflow-user-example-com"
REFUSED = f"11 of 12 objects are accepted; {PROFILE} is refused: "


def get_hash(installer: Installer) -> str:
    return base64.b64decode(installer.applied("Secret auth/dex-passwords")["data"]["DEX_USER_PASSWORD"]).decode()


def test_all_objects_are_applied(installer: Installer) -> None:
    code, output = installer.complete("objects")
    assert (code, installer.message) == (0, "")
    assert output.splitlines()[-1] == "Step objects is done."
    assert len(installer.cluster("tried").splitlines()) == ALL
    assert get_hash(installer) == build_hash(PASSWORD)


def test_kubeflow_is_its_owners(installer: Installer) -> None:
    installer.complete("objects", KUBEFLOW_EMAIL="ann+k8s@example.org")
    assert installer.applied(PROFILE)["spec"]["owner"]["name"] == "ann+k8s@example.org"
    assert "- email: ann+k8s@example.org\n" in installer.applied("ConfigMap auth/dex")["data"]["config.yaml"]


def test_first_refusal_is_reported(installer: Installer) -> None:
    installer.refuse({PROFILE: WEBHOOK})
    messages = (installer.run_in_vain("objects", KUBEFLOW_SAY_AFTER=seconds) for seconds in ("3", "10", "30", "100"))
    # On a slow machine it has not come that far in a few seconds.
    assert next(message for message in messages if "refused" in message) == (
        f'{REFUSED}failed calling webhook "p.kubeflow.org": '
        "failed to call webhook: dial tcp 10.96.0.7:443: connect: connection refused"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (UNKNOWN, 'no matches for kind "Profile" in version "kubeflow.org/v1"'),
        (
            'The Profile "x" is invalid: \n* spec.a: Required value\n* spec.b: bad',
            "spec.a: Required value * spec.b: bad",
        ),
        ("Error from server (Forbidden): exceeded quota.", "exceeded quota"),
        ("Warning: odd", "no reason is given"),
        ("error: " + "x" * 600, "x" * (500 - 3 - len(REFUSED)) + "..."),
    ],
    ids=["kind that is not known", "invalid", "forbidden", "no word", "long"],
)
def test_refusals_are_reported_in_one_line(installer: Installer, said: str, told: str) -> None:
    installer.refuse({PROFILE: said})
    installer.hear("objects", f"{REFUSED}{told}")


def test_accepted_objects_are_not_applied_again(installer: Installer) -> None:
    refused = ("Service auth/jupyter", PROFILE)
    installer.refuse(dict.fromkeys(refused, "exceeded quota"))
    installer.hear("objects", "10 of 12 objects are accepted; Service auth/jupyter is refused: exceeded quota")
    installer.set("tried", "")
    installer.refuse({})
    assert installer.complete("objects")[0] == 0
    assert installer.cluster("tried").splitlines() == list(refused)
    installer.set("tried", "")
    assert installer.complete("objects")[0] == 0
    assert len(installer.cluster("tried").splitlines()) == ALL, "a step that is run again after its end does all again"


def test_installer_goes_on_until_all_objects_are_accepted(installer: Installer) -> None:
    installer.refuse({PROFILE: WEBHOOK})
    with installer.go_on("objects") as process:
        wait_for("another try", lambda: installer.cluster("tried").count(PROFILE) > 2, PATIENCE)
        installer.refuse({})
        assert process.communicate()[0].splitlines()[-1] == "Step objects is done."


def test_webhook_that_hangs_is_not_waited_for(installer: Installer) -> None:
    installer.refuse({"StatefulSet kubeflow/metacontroller": f"hangs {HANG_SECONDS}"})
    started = time.monotonic()
    message = installer.run_in_vain("objects", KUBEFLOW_SAY_AFTER="1")
    assert time.monotonic() - started < HANG_SECONDS
    assert re.fullmatch(r"\d+ of 12 objects are accepted", message)


def test_hash_that_is_right_stays(installer: Installer) -> None:
    stored = build_hash(PASSWORD)
    installer.set("stored-hash", stored)
    installer.complete("objects")
    assert get_hash(installer) == stored
    assert not [call for call in installer.calls if call.startswith("htpasswd -n")]


def test_another_password_is_another_hash(installer: Installer) -> None:
    installer.refuse({PROFILE: "exceeded quota"})
    installer.hear("objects", f"{REFUSED}exceeded quota")
    installer.password.write_text("another\n")
    with installer.go_on("objects"):
        wait_for("the other hash", lambda: get_hash(installer) == build_hash("another"), PATIENCE)


def test_dex_restarts_when_its_secret_or_settings_changed(installer: Installer) -> None:
    installer.complete("objects")
    patches = [call for call in installer.calls if " patch " in call]
    assert len(patches) == 1
    assert '{"annotations":{"vk8s.sktelecom.com/login":"41-42"}}' in patches[0]


@pytest.mark.parametrize("step", ["objects", "login"])
@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        (None, "Secret key password is missing: what user@example.com is to log in with"),
        ("", "Secret key password is empty: what user@example.com is to log in with"),
        ("\n", "Secret key password is empty: what user@example.com is to log in with"),
        ("a\nb", "Secret key password has more than one line"),
        ("ö" * 37, "Secret key password has more than 72 bytes: Dex can't tell longer ones apart"),
    ],
    ids=["missing", "empty", "an empty line", "lines", "long"],
)
def test_unusable_password_is_reported(installer: Installer, step: str, password: str | None, sentence: str) -> None:
    installer.password.unlink()
    if password is not None:
        installer.password.write_text(password)
    assert installer.run_in_vain(step, KUBEFLOW_URL="http://127.0.0.1:1") == sentence
    assert not installer.cluster("tried")


def test_later_password_is_waited_for(installer: Installer) -> None:
    installer.password.unlink()
    with installer.go_on("objects") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Secret key password is missing")
        installer.password.write_text(PASSWORD)
        assert process.communicate()[0].splitlines()[-1] == "Step objects is done."


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Unable to connect to the server: dial tcp: i/o timeout", "does not answer"),
        (
            "error: You must be logged in to the server (Unauthorized)",
            "refuses its administrator: You must be logged in to the server (Unauthorized)",
        ),
    ],
    ids=["away", "refuses"],
)
@pytest.mark.parametrize("step", ["objects", "gateway", "deployments", "login"])
def test_api_server_that_is_not_there(installer: Installer, step: str, said: str, sentence: str) -> None:
    installer.set("down", said)
    message = installer.run_in_vain(step, KUBEFLOW_URL="http://127.0.0.1:1")
    assert message == f"the API server of the virtual cluster {sentence}"


@pytest.mark.parametrize("step", ["objects", "gateway", "deployments", "login"])
def test_image_of_another_version(installer: Installer, step: str) -> None:
    message = installer.run_in_vain(
        step, KUBEFLOW_VERSION="v1.9.1", KUBEFLOW_SAY_AFTER=str(PATIENCE), KUBEFLOW_URL="http://x"
    )
    assert message == "the image has Kubeflow v1.10.2 in it, and v1.9.1 is wanted: give it the image of that version"
    assert not installer.calls


@pytest.mark.parametrize(
    ("step", "environment", "sentence"),
    [
        ("", {}, "there is no step ''"),
        ("object", {}, "there is no step 'object'"),
        ("objects", {"KUBEFLOW_EMAIL": "user: x@y"}, "'user: x@y' can't be the user: it is no e-mail address"),
        ("login", {}, "the environment variable KUBEFLOW_URL is missing"),
    ],
)  # fmt: skip
def test_missing_pod_has_no_message(
    installer: Installer, step: str, environment: dict[str, str], sentence: str
) -> None:
    assert sentence in installer.run_in_vain(step, **environment)


def test_gateway_gets_its_port(installer: Installer) -> None:
    assert installer.run("gateway", KUBEFLOW_PORT="31234")[0] == 0
    spec = installer.applied("Service istio-system/istio-ingressgateway")["spec"]
    assert (spec["type"], [port.get("nodePort") for port in spec["ports"]]) == ("NodePort", [None, "31234"])


def test_gateway_that_is_rejected(installer: Installer) -> None:
    gateway = "Service istio-system/istio-ingressgateway"
    taken = "spec.ports[1].nodePort: Invalid value: 30000: provided port is already allocated"
    installer.refuse({gateway: f'The Service "istio-ingressgateway" is invalid: {taken}'})
    assert installer.run_in_vain("gateway") == f"{gateway} is refused: {taken}"
