"""Results for the eye: tables of text and figures."""
