"""The engines of groundedness that read with a model."""
