"""Cases of the desk, written down: a red line, a question, a review of a zone, access."""
