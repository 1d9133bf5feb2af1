"""A session or a whole project as one file, and back.

format     what may stand in an archive, and checking all of it before any of it is used
export     writing one, atomically
renumber   event numbers and names of elsewhere as they are called here
restore    taking one in
"""
