"""The verbs and the questions: a write is one transaction with its audit entry, a read returns frozen dataclasses."""
