"""Does an implementation keep the lifecycle? Every answer of a server, a library or a simulator, held against a table."""
