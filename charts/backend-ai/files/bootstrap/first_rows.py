"""The steps that write the first rows of the manager's database. differences.json says which of them a release has."""

import json
import os
from collections.abc import Callable
from typing import Any

from differences import adapted
from fixture import make_fixture, user_id
from manager import RELEASE, WORK, manager_cli, query
from scope_roles import make_scope_roles, make_virtual_scopes


def load(name: str, rows: dict[str, Any]) -> None:
    """Loads rows by table with the manager's own loader. It leaves rows alone that are there."""
    fixture = WORK / f"{name}.json"
    fixture.touch(mode=0o600)
    fixture.write_text(json.dumps(rows))
    manager_cli("fixture", "populate", str(fixture))


def accounts() -> None:
    load("accounts", adapted(make_fixture(os.environ), RELEASE))


def main_access_keys() -> None:
    """The key pair that stands for a user. Each row refers to the other, so this one is written after both."""
    keys = [
        {"uuid": user_id(name), "main_access_key": account["accessKey"]}
        for name, account in json.loads(os.environ["ACCOUNTS"]).items()
    ]
    load("main-keys", {"__mode": "update", "users": keys})


def scope_roles() -> None:
    load("scope-roles", make_scope_roles(list(json.loads(os.environ["ACCOUNTS"]))))


def virtual_scopes() -> None:
    load("virtual-scopes", make_virtual_scopes(list(json.loads(os.environ["ACCOUNTS"]))))


def publish_runtime_variants() -> None:
    """Kinds of model services are for everybody, and are put into the public scope when the API makes them
    (RuntimeVariantCreator). The loader of fixtures puts them into the global scope only, where ordinary users may not use
    them.
    """
    both = """
        FROM virtual_entities variant, virtual_entities scope JOIN global_entities ON global_entities.id = scope.entity_id
        WHERE variant.entity_type = 'runtime_variant' AND scope.entity_type = 'global' AND global_entities.name = 'public'
        ON CONFLICT DO NOTHING
    """
    query(
        "backend",
        "INSERT INTO entity_memberships (virtual_entity_id, member_entity_id, capped) SELECT scope.id, variant.id, false" + both,
    )
    query(
        "backend",
        "INSERT INTO scope_bindings (virtual_entity_id, scope_entity_id) SELECT variant.id, scope.id" + both,
    )


def preset_roles() -> None:
    """Role presets of this release, and the roles of every domain, project and user made from them."""
    (WORK / "fixtures/manager").mkdir(parents=True, exist_ok=True)
    manager_cli("permissions", "emit", "--repository", str(WORK))
    manager_cli("fixture", "populate", str(WORK / "fixtures/manager/example-role-presets.json"))
    manager_cli("permissions", "provision")


STEPS: dict[str, Callable[[], None]] = {
    "accounts": accounts,
    "main access keys": main_access_keys,
    "roles of scopes": scope_roles,
    "graph of scopes": virtual_scopes,
    "kinds of model services": publish_runtime_variants,
    "roles": preset_roles,
}
