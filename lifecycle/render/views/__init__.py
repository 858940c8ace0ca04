"""Views: which part of a table a picture shows, a module each."""
