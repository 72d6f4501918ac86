# A refused connect goes on to the next address at once.
account tcp
start
expect resolve
resolved 3
expect open
refused connect-refused down 1
expect open
refused connect-refused down 3
expect open
connected
expect register
