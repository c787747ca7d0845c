"""What shows that the records are complete: the check, its differences and causes, the verdict."""
