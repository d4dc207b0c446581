"""Response cache on disk: rows, the database under them, and their import and export."""
