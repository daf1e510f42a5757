"""The report of one procedure: made from its record alone, as a page (HTML) or for printing (PDF)."""
