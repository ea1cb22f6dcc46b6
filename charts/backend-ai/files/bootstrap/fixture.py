"""The first rows of the manager's database.

They are one domain, project and resource group, three accounts and one registry. There are also the kinds of model services that
run without an image of their own.

Ids are derived from names, so that a second run finds its own rows ("INSERT ... ON CONFLICT DO NOTHING").
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "backendai-e2e/charts/backend-ai")
VOLUME = "local:volume1"
VOLUME_PERMISSIONS = {
    VOLUME: [
        "create-vfolder",
        "modify-vfolder",
        "delete-vfolder",
        "mount-in-session",
        "upload-file",
        "download-file",
        "invite-others",
        "set-user-specific-permission",
    ]
}
# Bit of the permission READ: what a project lends to its members.
READ = 1

Row = dict[str, Any]
Node = tuple[str, str]


def uid(*names: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(names)))


DOMAIN = uid("domain", "default")
PROJECT = uid("project", "default")
RESOURCE_GROUP = uid("resource-group", "default")
REGISTRY = uid("registry")


def user_id(name: str) -> str:
    return uid("user", name)


def personal_project(name: str) -> str:
    return uid("project", "personal", name)


def make_fixture(environment: Mapping[str, str]) -> dict[str, list[Row]]:
    """Rows by table, in the order of insertion: parents before children.

    Reads ACCOUNTS (JSON: name -> email, password, accessKey, secretKey; "admin" is the superadmin), REGISTRY_NAME,
    REGISTRY_PROJECT, FURTHER_REGISTRIES (comma-separated), COORDINATOR_URL, APPPROXY_API_SECRET, MAX_SESSIONS.
    """
    accounts: dict[str, dict[str, str]] = json.loads(environment["ACCOUNTS"])
    registry = environment["REGISTRY_NAME"]
    further = [name for name in environment["FURTHER_REGISTRIES"].split(",") if name]
    limits = {"max_vfolder_count": 0, "max_quota_scope_size": -1}
    project = {
        "is_active": True,
        "domain_name": "default",
        "resource_policy": "default",
        "total_resource_slots": {},
        "allowed_vfolder_hosts": VOLUME_PERMISSIONS,
    }
    return {
        "domains": [
            {
                "id": DOMAIN,
                "name": "default",
                "description": "Default domain",
                "is_active": True,
                "is_default": True,
                "total_resource_slots": {},
                "allowed_vfolder_hosts": VOLUME_PERMISSIONS,
                "allowed_docker_registries": [registry, *further],
            }
        ],
        "user_resource_policies": [
            {
                "name": "default",
                **limits,
                "max_session_count_per_model_session": 10,
                "max_customized_image_count": 3,
            }
        ],
        "project_resource_policies": [{"name": "default", **limits, "max_network_count": 3}],
        "keypair_resource_policies": [
            {
                "name": "default",
                "is_default": True,
                "default_for_unspecified": "UNLIMITED",
                "total_resource_slots": {},
                "max_session_lifetime": 0,
                "max_concurrent_sessions": int(environment["MAX_SESSIONS"]),
                "max_concurrent_sftp_sessions": 3,
                "max_containers_per_session": 4,
                "idle_timeout": 0,
                "allowed_vfolder_hosts": VOLUME_PERMISSIONS,
            }
        ],
        "users": [
            {
                "uuid": user_id(name),
                "username": name,
                "email": account["email"],
                "password": account["password"],
                "need_password_change": False,
                "full_name": name.title(),
                "description": name,
                "status": "active",
                "status_info": "admin-requested",
                "domain_name": "default",
                "domain_id": DOMAIN,
                "resource_policy": "default",
                "role": "superadmin" if name == "admin" else "user",
            }
            for name, account in accounts.items()
        ],
        # Besides the shared project, each user has one of his own, which his vfolders live in.
        "groups": [
            {
                "id": PROJECT,
                "name": "default",
                "description": "Default project",
                "type": "general",
                "creator_id": None,
                **project,
            },
            *(
                {
                    "id": personal_project(name),
                    "name": f"{name}-personal",
                    "description": "Personal project",
                    "type": "personal",
                    "creator_id": user_id(name),
                    **project,
                }
                for name in accounts
            ),
        ],
        "scaling_groups": [
            {
                "id": RESOURCE_GROUP,
                "name": "default",
                "description": "Default resource group",
                "is_active": True,
                "is_public": True,
                "is_default": True,
                "driver": "static",
                "driver_opts": {},
                "scheduler": "fifo",
                "scheduler_opts": {},
                "wsproxy_addr": environment["COORDINATOR_URL"],
                "wsproxy_api_token": environment["APPPROXY_API_SECRET"],
            }
        ],
        # By name and by id: differences.json says which of them a release knows.
        "sgroups_for_domains": [
            {
                "resource_group_id": RESOURCE_GROUP,
                "domain_id": DOMAIN,
                "scaling_group": "default",
                "domain": "default",
            }
        ],
        "association_groups_users": [
            {"group_id": group, "user_id": user_id(name)}
            for name in accounts
            for group in (PROJECT, personal_project(name))
        ],
        "keypairs": [
            {
                "access_key": account["accessKey"],
                "secret_key": account["secretKey"],
                "is_active": True,
                "is_admin": name == "admin",
                "is_default": True,
                "resource_policy": "default",
                "rate_limit": 30000,
                "num_queries": 0,
                "user": user_id(name),
            }
            for name, account in accounts.items()
        ],
        "resource_slot_types": [
            slot_type("cpu", "count", "CPU", "CPU core", "Core", "cpu", False, 1),
            slot_type("mem", "bytes", "RAM", "Memory", "GiB", "ram", True, 2),
        ],
        "resource_presets": [{"name": "small", "resource_slots": {"cpu": "1", "mem": "536870912"}}],
        "container_registries": [
            {
                "id": REGISTRY,
                "registry_name": registry,
                "url": f"http://{registry}",
                "type": "docker",
                "project": environment["REGISTRY_PROJECT"],
                "is_global": True,
            }
        ],
        "runtime_variants": [
            runtime_variant("custom", "Custom (Default)", 8080, True),
            runtime_variant("cmd", "Predefined Image Command", 8000, False),
        ],
        **make_graph(list(accounts)),
    }


def runtime_variant(name: str, description: str, port: int, reads_definition: bool) -> Row:
    """As in the installer's own fixture (example-runtime-variants.json of backend.ai-install 26.9.6). The fixture has more of
    them, for images with a certain inference server.

    reads_definition: whether model-definition.yaml of the model's vfolder says how the model is served.
    """
    return {
        "id": uid("runtime-variant", name),
        "name": name,
        "description": description,
        "reads_vfolder_config_files": reads_definition,
        "default_model_definition": {"models": [{"name": f"{name}-model", "service": {"port": port}}]},
    }


def slot_type(
    name: str, kind: str, title: str, description: str, unit: str, icon: str, binary: bool, rank: int
) -> Row:
    return {
        "slot_name": name,
        "slot_type": kind,
        "required": True,
        "display_name": title,
        "description": description,
        "display_unit": unit,
        "display_icon": icon,
        "number_format": {"binary": binary, "round_length": 0},
        "rank": rank,
    }


def make_graph(names: list[str]) -> dict[str, list[Row]]:
    """Who belongs to whom, which the manager derives permissions from.

    It must be in the same file as its rows, because the loader adds missing nodes with random ids. The loader also adds the
    edges from each node to itself and to the global scope.
    """
    domain: Node = ("domain", DOMAIN)
    shared: Node = ("project", PROJECT)
    group: Node = ("resource_group", RESOURCE_GROUP)
    people: list[tuple[Node, Node]] = [(("user", user_id(n)), ("project", personal_project(n))) for n in names]

    members: list[tuple[Node, Node]] = [(domain, shared), (domain, group), (shared, group)]
    governed: list[tuple[Node, Node]] = [(shared, domain)]
    for user, own in people:
        members += [(domain, user), (shared, user), (domain, own), (own, user)]
        governed += [(user, domain), (own, domain)]

    def node_id(node: Node) -> str:
        return uid("node", *node)

    def edge_id(edge: tuple[Node, Node]) -> str:
        return uid("edge", *edge[0], *edge[1])

    def is_roster(edge: tuple[Node, Node]) -> bool:
        """A user below a project: the only kind of edge that lends less than everything."""
        return edge[0][0] == "project" and edge[1][0] == "user"

    nodes = [domain, shared, group, *(node for pair in people for node in pair)]
    return {
        "virtual_entities": [
            {"id": node_id(node), "entity_type": node[0], "entity_id": node[1]} for node in nodes
        ],
        "entity_memberships": [
            {
                "id": edge_id(edge),
                "virtual_entity_id": node_id(edge[0]),
                "member_entity_id": node_id(edge[1]),
                "capped": is_roster(edge),
            }
            for edge in members
        ],
        "entity_membership_caps": [
            {"membership_id": edge_id(edge), "permission": READ, "all_fields": True}
            for edge in members
            if is_roster(edge)
        ],
        "scope_bindings": [
            {"virtual_entity_id": node_id(member), "scope_entity_id": node_id(scope)}
            for member, scope in governed
        ],
    }
