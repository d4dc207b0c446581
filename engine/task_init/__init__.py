"""A task file from data: columns, answers, metric and split are guessed, each with a reason."""
