"""The Secret with the login to Kubeflow."""

from base64 import b64decode
from dataclasses import replace

from hooks.vk8s.observed.children import SECRET
from tests.unit.vk8s.kubeflow.material import NAME, installing, kubeflow_spec


def test_password_stays_and_the_user_follows_the_spec() -> None:
    world = installing()
    secret = world.children[SECRET][NAME]
    files = {key: b64decode(value).decode() for key, value in secret["data"].items()}
    assert files["username"] == "user@example.com"
    assert len(files["password"]) > 20
    other = replace(
        world, spec=kubeflow_spec(email="jane@example.com"), context=replace(world.context, entropy=32 * b"x")
    )
    (answered,) = (
        child for child in other.sync().children if child["metadata"]["name"] == NAME and child["kind"] == "Secret"
    )
    assert answered["data"]["password"] == secret["data"]["password"]
    assert b64decode(answered["data"]["username"]) == b"jane@example.com"


def test_password_is_nowhere_in_an_answer_but_in_its_secret() -> None:
    world = installing()
    answer = world.sync()
    (secret,) = (child for child in answer.children if child["metadata"]["name"] == NAME and child["kind"] == "Secret")
    encoded = secret["data"]["password"]
    others = str([child for child in answer.children if child is not secret]) + str(answer.status)
    assert encoded not in others
    assert b64decode(encoded).decode() not in others
