# A registrar that takes our binding for one of those to be removed.
account tcp
old 1
start
expect resolve
resolved 1
expect open
connected
expect register none
expect named 1
reply 200 absent
expect register none
expect named 0
reply 200 lease 3600
expect registered yes
