"""Messages: the only code that speaks to SQS, and its in-memory twin. Transport, never the truth."""
