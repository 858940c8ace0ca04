"""What requests and answers hold: the table's words as JSON Schema, as pydantic models and as an OpenAPI document."""
