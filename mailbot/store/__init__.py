"""The durable side: tables, unit of work, queue states and migrations on SQLite or PostgreSQL."""
