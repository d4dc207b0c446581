"""Reference made from code: node pages, the JSON schema, field docs."""
