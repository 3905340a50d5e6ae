"""cite rules: which requirement of FOCUS a finding is about, and where its example stands"""

import sqlalchemy as sa
from alembic import op

revision = "8e5a4c9fb162"
down_revision = "6c3e2a7d9f40"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("finding", sa.Column("requirement", sa.Text(), nullable=True))
    op.add_column("finding", sa.Column("file", sa.Text(), nullable=True))
    op.add_column("finding", sa.Column("row_number", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("finding", "row_number")
    op.drop_column("finding", "file")
    op.drop_column("finding", "requirement")
