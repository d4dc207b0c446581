"""Security: path sandbox, file access log, redaction of secrets, safe regular expressions."""
