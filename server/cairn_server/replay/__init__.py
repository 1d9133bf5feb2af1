"""A replayed model: an OpenAI-compatible endpoint on loopback that plays the turns of a recording."""
