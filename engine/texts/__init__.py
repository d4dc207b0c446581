"""Texts for models and from models: templates rendered, replies read."""
