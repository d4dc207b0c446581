"""Results of a run: report, run folder, provenance, differences between calls."""
