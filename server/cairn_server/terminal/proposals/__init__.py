"""`cairn proposals`: what agents propose, shown and answered part by part."""
