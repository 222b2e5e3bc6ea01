"""Texts to passages: chunks, embeddings, an index on disk, rank fusion."""
