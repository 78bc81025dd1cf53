"""Where facts go to stay: files of one hour each, which outlive the table. S3, or a folder."""
