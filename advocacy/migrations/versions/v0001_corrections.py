"""Corrections of mentions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("post", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("value", sa.Text, comment="JSON; null takes back what was said before"),
        sa.Column("text_hash", sa.String(16), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("correction_key", "correction", ["post", "brand", "product", "head", "number"])
