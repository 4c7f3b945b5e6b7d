"""公示: departments' files in, enforcement disclosure out."""
