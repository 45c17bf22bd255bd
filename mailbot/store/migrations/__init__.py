"""Alembic migrations, numbered; a test holds them to the tables. A new column is a new file in `versions/`."""
