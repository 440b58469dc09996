"""Reading files of any size in constant memory: bytes come in, checked records come out.

Nothing here knows a database, a subject or a request.
"""
