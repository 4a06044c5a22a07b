"""Alembic's way in: it runs the revisions on the connection, and so in the transaction, that `schema.upgrade` gives."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
