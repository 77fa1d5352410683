"""What data say about parameters: fits, intervals, profiles, significances, toys."""
