"""Statistics: intervals, tests of paired values, the verdict, bandits, ranking."""
