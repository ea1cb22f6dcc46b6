"""What the models of Backend.AI say of their database, as JSON: models.py manager|appproxy

{"version": "26.9.6",
 "heads": ["<revision>", ...], "revisions": ["<revision>", ...] (newest first),
 "tables": {"<table>": {"<column>": nullable, ...}, ...}}
"""

import importlib
import json
import pkgutil
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData


def manager() -> tuple[str, str, MetaData]:
    from ai.backend.manager import __version__
    from ai.backend.manager.models.base import ensure_all_tables_registered, metadata

    ensure_all_tables_registered()
    return __version__, "ai.backend.manager.models:alembic", metadata


def appproxy() -> tuple[str, str, MetaData]:
    import ai.backend.appproxy.coordinator.models as models
    from ai.backend.appproxy.coordinator import __version__
    from ai.backend.appproxy.coordinator.models.base import metadata_obj

    for module in pkgutil.iter_modules(models.__path__):
        if not module.ispkg:
            importlib.import_module(f"{models.__name__}.{module.name}")
    return __version__, "ai.backend.appproxy.coordinator.models:alembic", metadata_obj


version, migrations, metadata = {"manager": manager, "appproxy": appproxy}[sys.argv[1]]()
config = Config()
config.set_main_option("script_location", migrations)
scripts = ScriptDirectory.from_config(config)
answer = {
    "version": version,
    "heads": list(scripts.get_heads()),
    "revisions": [script.revision for script in scripts.walk_revisions()],
    "tables": {
        table.name: {column.name: bool(column.nullable) for column in table.columns}
        for table in metadata.tables.values()
    },
}
# On a line of its own at the end: imports may print.
print(json.dumps(answer))
