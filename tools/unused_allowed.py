"""Names in pipeline/ that its own code does not use, each with their user: for vulture (`make
check`).

Rules, verbs of the command and hooks of Datasette are known by their decorators (pyproject.toml).
"""
# ruff: noqa: B018, F821

# Called by Python itself, by its protocol.
__call__
trace  # __exit__'s third argument

# Read by SQLite's driver, from the connection.
text_factory

# Read by urllib, from the handler of redirections.
max_redirections

# Used by Python's importer, and by Typer.
find_spec
short_help
_runtime_param

# Called by Datasette, on its Database and its main class, which ours replace.
attached_databases
cached_size
check_visibility
ensure_permissions
log_sql_errors
permission_allowed

# Named in text: the entry point in pyproject.toml, uvicorn's application, a template's attribute.
main
from_environment
application  # the site for any other ASGI server
align
