"""Node types and plug-ins by name."""
