"""Reports, pure: from the events of engagements to facts, and from facts to datasets."""
