"""`cairn diff`, `cairn rewind`, `cairn fork`: what an agent changed, taken back, and gone on from."""
