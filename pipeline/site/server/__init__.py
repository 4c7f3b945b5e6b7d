"""The ASGI application, its worker processes and the Datasette plugin."""
