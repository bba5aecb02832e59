"""Who Metacontroller is in a testbed."""

from testbed.layout import UP
from testbed.permissions import NAME, SYSTEM, build_kubeconfig, get_kubeconfig, read_account


def test_account_is_that_of_the_manifests() -> None:
    kinds = {each["kind"]: each for each in read_account()}
    bound = {"ClusterRoleBinding": "ClusterRole", "RoleBinding": "Role"}
    assert sorted(kinds) == sorted(["Namespace", "ServiceAccount", *bound, *bound.values()])
    account = kinds["ServiceAccount"]["metadata"]
    for binding, role in bound.items():
        assert kinds[binding]["roleRef"]["name"] == kinds[role]["metadata"]["name"]
        assert kinds[binding]["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": SYSTEM}]
    assert (account["name"], account["namespace"]) == (NAME, SYSTEM)


def test_kubeconfig_has_the_admins_cluster_and_no_admin_rights() -> None:
    admin = {
        "clusters": [{"name": "c", "cluster": {"server": "https://x"}}],
        "users": [{"name": "admin", "user": {"token": "all"}}],
        "contexts": [
            {"name": "x", "context": {"cluster": "c", "user": "admin"}},
            {"name": "a user's own", "context": {"cluster": "other", "user": "other"}},
        ],
        "current-context": "a user's own",
    }
    made = build_kubeconfig(admin, "x", "little")
    assert made == {
        **admin,
        "users": [{"name": "metacontroller", "user": {"token": "little"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "metacontroller"}}],
        "current-context": "x",
    }
    assert get_kubeconfig(UP) != UP.kubeconfig
