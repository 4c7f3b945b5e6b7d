"""The pages, one module a kind, and the machine-readable addresses beside them."""
