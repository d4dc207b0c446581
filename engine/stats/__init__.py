"""Statistics: intervals, paired test, bandits, ranking."""
