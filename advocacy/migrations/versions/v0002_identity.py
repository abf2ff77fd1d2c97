"""The desk's own id: by it an index knows whose corrections it shows."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    desk = op.create_table("desk", sa.Column("id", sa.String(32), primary_key=True))
    op.bulk_insert(desk, [{"id": uuid.uuid4().hex}])
