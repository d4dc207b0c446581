"""Numbers: metrics of answers, intervals of means, and rules for choosing between prompts."""
