"""Who gets what, when and from which account, when a client, a venue or the custodian fails or falls silent."""
