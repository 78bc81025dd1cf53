"""Storage: one protocol, two adapters held to the same contract tests (DynamoDB and in-memory)."""
