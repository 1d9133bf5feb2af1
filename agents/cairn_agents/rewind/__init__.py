"""Taking work back: what an agent changed in which step, those changes taken out of the files of today, and put back again."""
