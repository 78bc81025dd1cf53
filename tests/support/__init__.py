"""What the tests share: a clock, tenants, worlds over each store, and the invariants of docs/guarantees.md."""
