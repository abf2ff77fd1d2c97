"""How Alembic reaches the desk: by the connection that `advocacy.desk` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from advocacy.desk import METADATA, REVISIONS

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=REVISIONS)
context.run_migrations()
