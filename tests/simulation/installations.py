"""When the Job that installs Kubeflow may be left out, as the docs have it: read from the Job itself."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, SECRET, is_terminating
from tests.simulation.answers import is_paused
from tests.simulation.kinds import Key
from tests.simulation.removals import has_condition
from tests.world import World

PASSWORD_SECRET = "vk8s.sktelecom.com/password-secret"


def list_replaced(world: World) -> set[Key]:
    """The Job, where it is not to go on, or another one is to be made."""
    name = f"{world.name}-kubeflow"
    job, wanted = world.children[JOB].get(name), world.spec.get("kubeflow")
    image = world.context.settings.kubeflow_installer_image
    if job is None or is_terminating(job):
        return set()
    is_done = has_condition(job, "Complete")
    if wanted is None:
        return set() if is_done else {(JOB, name)}
    if image is None or is_paused(world):
        return set()
    is_stuck = not is_done and (has_condition(job, "Failed") or _get_image(job) != _name_image(image, wanted))
    return {(JOB, name)} if is_stuck or not _is_for(world, wanted, job) else set()


def _is_for(world: World, wanted: Manifest, job: Manifest) -> bool:
    """Whether it installs just that."""
    pod = job["spec"]["template"]["spec"]
    env = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
    (port,) = (str(port["port"]) for port in world.spec["ports"] if port["name"] == "kubeflow")
    (mounted,) = (volume["secret"] for volume in pod["volumes"] if volume["name"] == "password")
    theirs = wanted.get("passwordSecretRef")
    name = f"{world.name}-kubeflow"
    secret = theirs["name"] if theirs else name
    key = theirs.get("key", "password") if theirs else "password"
    shown = world.children[SECRET].get(name)
    noted = job["metadata"].get("annotations", {}).get(PASSWORD_SECRET)
    return (
        env["KUBEFLOW_VERSION"] == wanted["version"]
        and env["KUBEFLOW_EMAIL"] == wanted.get("email", "user@example.com")
        and env["KUBEFLOW_PORT"] == port
        and (mounted["secretName"], mounted["items"][0]["key"]) == (secret, key)
        and bool(theirs or shown is None or noted == shown["metadata"]["uid"])
    )


def _get_image(job: Manifest) -> str:
    return str(job["spec"]["template"]["spec"]["containers"][0]["image"])


def _name_image(image: str, wanted: Manifest) -> str:
    return image.replace("{version}", wanted["version"])
