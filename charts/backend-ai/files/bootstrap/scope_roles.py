"""Rights of the first accounts, as releases before 26.9 keep them. Each scope has roles of its own, with a row for each operation
on each type of entity. From 26.9 on the manager makes the roles from presets (preset_roles in first_rows.py).

The same roles and rights as upstream's fixtures/manager/example-roles.json and example-users.json on its branch 26.8. The scope of
the domain is its name in the roles, and its id in the graph of virtual scopes.
"""

from fixture import DOMAIN, PROJECT, Node, Row, uid, user_id

# Operation -> its bit (Permission of ai.backend.common.data.permission.types).
READ = {"read": 1}
OPERATIONS = READ | {"update": 2, "create": 4, "soft-delete": 8, "hard-delete": 16}

Rights = dict[str, dict[str, int]]

# What a scope owns.
OWNED = [
    "agent",
    "app_config_fragment",
    "artifact",
    "artifact_registry",
    "container_registry",
    "image",
    "keypair",
    "model_card",
    "model_deployment",
    "notification_channel",
    "notification_rule",
    "resource_group",
    "session",
    "vfolder",
]
ADMIN: Rights = {entity: OPERATIONS for entity in [*OWNED, "user"]}
PROJECT_MEMBER: Rights = {entity: READ for entity in [*OWNED, "user"]}
DOMAIN_MEMBER: Rights = {"vfolder": READ}


def without(operation: str) -> dict[str, int]:
    return {name: bit for name, bit in OPERATIONS.items() if name != operation}


USER: Rights = {
    **{entity: OPERATIONS for entity in OWNED},
    "session:app_service": READ,
    "user": without("create"),
    "vfolder:data": without("soft-delete"),
}


def make_scope_roles(names: list[str]) -> dict[str, list[Row]]:
    """Rows by table for the accounts of fixture.py, parents before children.

    Every account belongs to the domain and to the shared project, as a member. None administers them: the superadmin may do
    everything without a role.
    """
    domain, project = ("domain", "default"), ("project", PROJECT)
    users: list[Node] = [("user", user_id(name)) for name in names]
    people = [user for _, user in users]
    roles: list[tuple[Node, str, Rights, list[str]]] = [
        (domain, "admin", ADMIN, []),
        (domain, "member", DOMAIN_MEMBER, people),
        (project, "admin", ADMIN, []),
        (project, "member", PROJECT_MEMBER, people),
        *((user, "owner", USER, [user[1]]) for user in users),
    ]

    def role_id(scope: Node, kind: str) -> str:
        return uid("role", *scope, kind)

    def role_row(scope: Node, kind: str) -> Row:
        is_member = kind == "member"
        return {
            "id": role_id(scope, kind),
            "name": f"role_{scope[0]}_{scope[1][:8]}_{kind}",
            "description": "",
            "source": "custom" if is_member else "system",
            "status": "active",
            # A user who joins the scope later gets it, too.
            "auto_assign": is_member,
        }

    belongs: list[tuple[Node, Node]] = [
        (domain, project),
        *((domain, user) for user in users),
        *((project, user) for user in users),
        *((scope, ("role", role_id(scope, kind))) for scope, kind, _, _ in roles),
    ]
    return {
        "roles": [role_row(scope, kind) for scope, kind, _, _ in roles],
        "user_roles": [
            {"id": uid("user-role", user, role_id(scope, kind)), "user_id": user, "role_id": role_id(scope, kind)}
            for scope, kind, _, holders in roles
            for user in holders
        ],
        "permissions": [
            {
                "id": uid("permission", role_id(scope, kind), entity, operation),
                "role_id": role_id(scope, kind),
                "scope_type": scope[0],
                "scope_id": scope[1],
                "entity_type": entity,
                "operation": operation,
                "permission": bit,
            }
            for scope, kind, rights, _ in roles
            for entity, operations in rights.items()
            for operation, bit in operations.items()
        ],
        "association_scopes_entities": [
            {
                "id": uid("association", *scope, *entity),
                "scope_type": scope[0],
                "scope_id": scope[1],
                "entity_type": entity[0],
                "entity_id": entity[1],
                "relation_type": "auto",
            }
            for scope, entity in belongs
        ],
    }


def make_virtual_scopes(names: list[str]) -> dict[str, list[Row]]:
    """The same as a graph, as releases 26.8 keep it. Changes of projects and their members want to find it."""
    users: list[Node] = [("user", user_id(name)) for name in names]
    domain, project = ("domain", DOMAIN), ("project", PROJECT)
    scopes: list[Node] = [domain, project, *users]

    def scope_id(scope: Node) -> str:
        return uid("virtual-scope", *scope)

    members = [
        *((scope, scope) for scope in scopes),
        *((domain, scope) for scope in scopes[1:]),
        *((project, user) for user in users),
    ]
    bindings = [*((scope, scope) for scope in scopes), *((scope, domain) for scope in scopes[1:])]
    return {
        "virtual_scopes": [
            {"id": scope_id(scope), "scope_type": scope[0], "scope_id": scope[1]} for scope in scopes
        ],
        "entity_memberships": [
            {"virtual_scope_id": scope_id(scope), "entity_type": entity[0], "entity_id": entity[1]}
            for scope, entity in members
        ],
        "scope_bindings": [
            {"virtual_scope_id": scope_id(owner), "scope_type": scope[0], "scope_id": scope[1]}
            for owner, scope in bindings
        ],
    }
