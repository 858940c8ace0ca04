"""Tables: read strictly from YAML, checked, and compiled into the plain rules that the engine decides by."""
