"""What a run can come to, said before it begins."""
