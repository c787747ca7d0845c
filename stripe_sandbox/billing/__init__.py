"""What happens: paying, renewing, failing, ending. No HTTP in here."""
