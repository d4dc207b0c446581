"""Results of a run: report, run folder, provenance, comparison of the calls of two runs."""
