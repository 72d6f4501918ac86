# An address whose edge is known to be down comes last.
account tcp
start
expect resolve
resolved 2 down 1
expect open
connected
expect register
