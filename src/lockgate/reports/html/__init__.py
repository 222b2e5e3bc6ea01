"""`report.html`: runs as one page that opens from disk, with nothing loaded from anywhere."""
