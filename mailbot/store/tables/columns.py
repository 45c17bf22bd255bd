"""Kinds of columns that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, DateTime, Dialect, Enum, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from mailbot.store.storable import storable


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: any zone goes in, UTC comes out; a time without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In: UTC, so that texts (SQLite) sort as instants do."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out: with its zone, which SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Plain(TypeDecorator[str]):
    """A text of at most so many characters, or of any length; what no database keeps is replaced, the rest cut off."""

    impl = String
    cache_ok = True

    def __init__(self, characters: int | None = None) -> None:
        super().__init__(characters)
        self.characters = characters

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """VARCHAR where it has a width, else TEXT."""
        return Text() if self.characters is None else String(self.characters)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """In: as the column can hold it, whether it is to be kept or to be found."""
        return None if value is None else storable(value, self.characters)


# SQLite numbers rows by itself only where the key is spelt INTEGER; it is 64 bits wide there.
Id = BigInteger().with_variant(Integer(), "sqlite")
MAIL_ID = Plain(998)
ADDRESS = Plain(320)
WORD = Plain(64)
NAME = Plain(200)
TEXT = Plain()


def choice(kind: type[StrEnum]) -> TypeEngine[Any]:
    """A column type for the values of an enumeration, stored as words; `one_of` adds the CHECK."""
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=32,
        validate_strings=True,
    )


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """The CHECK that only values of the enumeration are stored."""
    words = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({words})", name=column)


def word(name: str) -> Column[str]:
    """A short text that is never NULL."""
    return Column(name, WORD, nullable=False, default="")


def text(name: str) -> Column[str]:
    """A text of any length that is never NULL."""
    return Column(name, TEXT, nullable=False, default="")


def address(name: str, *, index: bool = False) -> Column[str]:
    """A mail address that is never NULL."""
    return Column(name, ADDRESS, nullable=False, default="", index=index)


def number(name: str, default: int = 0) -> Column[int]:
    """A whole number that is never NULL."""
    return Column(name, Integer, nullable=False, default=default)


def instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    """An instant."""
    return Column(name, UtcDateTime, nullable=nullable)


def values(name: str, *, nullable: bool = False) -> Column[Any]:
    """Structured values that are never searched in."""
    return Column(name, JSON(none_as_null=True), nullable=nullable)
