"""Sessions of other programs, read from their files into sessions of this workspace.

Each format is one module: a file in, `Message`s out, in the order of the file. What is said of the formats
comes from their public documentation and from what files of them hold; nobody promises that they stay so.
So an unknown line is passed over, and a broken one is a problem with its number: the rest is read.
"""
