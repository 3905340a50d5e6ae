"""What every mapped class shares: the metadata, and the annotations that are its columns."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import BigInteger, Date, DateTime, Identity, Integer, MetaData, Numeric, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Serial = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Cost = Annotated[Decimal | None, mapped_column(Numeric)]
Missing = Annotated[int | None, mapped_column(Integer)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
MaybeInstant = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'"))]
JsonList = Annotated[list[dict[str, Any]], mapped_column(JSONB, server_default=text("'[]'"))]


class Base(DeclarativeBase):
    """The one metadata; names of constraints are derived, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, date: Date}  # noqa: RUF012  (SQLAlchemy reads it from the class)
