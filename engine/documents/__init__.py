"""Documents: YAML files with positions, validation errors, installed resources."""
