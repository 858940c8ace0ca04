"""A table as an OpenAPI document: its requests, what answers them, and what OpenAPI has no word for under `x-lifecycle`."""
